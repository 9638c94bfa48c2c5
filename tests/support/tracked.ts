import { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { type Event, EventModel } from '../../src/models/event.js';
import { signClick, signOpen } from '../../src/tracking/tokens.js';
import { type Registered, unique } from './factories.js';
import { until } from './until.js';

/** A browser, as a person has one. */
export const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

const HOUR_MS = 3_600_000;

/** A message that went out an hour ago, with the paths of its pixel and its links. */
export interface Tracked {
  id: Types.ObjectId;
  business: Types.ObjectId;
  campaign: Types.ObjectId;
  email: string;
  open: string;
  click(number: number): string;
  read(): Promise<Delivery>;
  /** What the log says of it, once it says so much. */
  events(count: number): Promise<Event[]>;
}

/** A message of a launched campaign with these links. */
export async function tracked(
  who: Registered,
  links: readonly string[],
  fields: Partial<Delivery> = {},
  variables: { name: string; defaultValue?: string }[] = [],
): Promise<Tracked> {
  const business = new Types.ObjectId(who.businessId);
  const campaign = await EmailCampaignModel.create({
    business,
    name: unique('campaign'),
    status: 'sent',
    createdBy: new Types.ObjectId(),
    frozen: {
      subject: 'S',
      html: '<p>H</p>',
      text: 'T',
      variables,
      fromEmail: 'news@example.com',
      tracking: { opens: true, clicks: true },
      links: [...links],
    },
  });
  const email = `${unique('p')}@example.com`;
  const sentAt = new Date(Date.now() - HOUR_MS);
  const id = new Types.ObjectId();
  await DeliveryModel.create({
    _id: id,
    business,
    campaign: campaign._id,
    email,
    status: 'sent',
    bucket: 0,
    dueAt: sentAt,
    createdAt: sentAt,
    sentAt,
    ...fields,
  });
  const link = { businessId: business, deliveryId: id };
  return {
    ...{ id, business, campaign: campaign._id, email },
    open: `/t/o/${signOpen(link)}`,
    click: (number) => `/t/c/${signClick({ ...link, number })}`,
    read: () => DeliveryModel.findById(id).lean<Delivery>().orFail(),
    events: (count) =>
      until(async () => {
        const events = await eventsOf(id);
        return events.length >= count ? events : undefined;
      }),
  };
}

function eventsOf(delivery: Types.ObjectId): Promise<Event[]> {
  return EventModel.find({ delivery }).sort({ at: 1 }).lean<Event[]>();
}

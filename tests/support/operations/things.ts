import { Types } from 'mongoose';
import { BusinessModel } from '../../../src/models/business.js';
import { DeliveryModel } from '../../../src/models/delivery.js';
import { type CampaignStatus, EmailCampaignModel } from '../../../src/models/email-campaign.js';
import { unique } from '../factories.js';
import { as, draft, launched } from '../sending.js';
import { type Scene, withSes } from './scene.js';

/** A name nobody else's thing has, with the tenant's word. */
export const named = ({ word }: Scene) => `${word} ${unique('thing')}`;

/** An address nobody else's recipient has, with the tenant's word. */
export const addressOf = ({ domain }: Scene) => `${unique('p')}@${domain}`;

/** The id of a new template of the tenant's. */
export async function templateOf(scene: Scene): Promise<string> {
  const { template } = await as(
    scene,
    'post',
    '/api/templates',
    {
      name: named(scene),
      description: named(scene),
      subject: `${scene.word} for {{ name }}`,
      content: { html: `<p>${scene.word}, dear {{ name }}</p>`, text: `${scene.word}, dear {{ name }}` },
      tags: [scene.word],
    },
    201,
  );
  return template.id;
}

/** What every campaign of the tenant's says. */
export const letter = (scene: Scene) => ({
  name: named(scene),
  subject: `${scene.word} for {{ name }}`,
  fromEmail: `news@${scene.domain}`,
  fromName: scene.word,
  replyTo: `reply@${scene.domain}`,
  content: { html: `<p>${scene.word}, dear {{ name }}</p>` },
});

const peopleOf = (scene: Scene) =>
  Array.from({ length: 3 }, (_, n) => ({
    email: addressOf(scene),
    name: `${scene.word} Person ${n}`,
    variables: { city: scene.word },
  }));

/** The id of a new campaign of the tenant's with three recipients, in this state; no worker has touched it. */
export async function campaignOf(scene: Scene, status: CampaignStatus = 'draft'): Promise<string> {
  const move = (id: string, name: string, body?: object) => as(scene, 'post', `/api/campaigns/${id}/${name}`, body);
  if (status === 'draft' || status === 'scheduled') {
    const id = await draft(scene, peopleOf(scene), letter(scene));
    if (status === 'scheduled') await move(id, 'schedule', { scheduledFor: inHours(24) });
    return id;
  }
  await withSes(scene);
  const id = await launched(scene, peopleOf(scene), letter(scene));
  if (status === 'paused') await move(id, 'pause');
  if (status === 'cancelled') await move(id, 'cancel');
  if (status === 'sent') await finish(id);
  return id;
}

/** As a worker leaves it: one recipient got it, one opened it, and one failed. */
async function finish(id: string): Promise<void> {
  const at = new Date(Date.now() - 60_000);
  const deliveries = await DeliveryModel.find({ campaign: id }).sort({ _id: 1 }).lean();
  const outcomes = [
    { status: 'delivered', sentAt: at, deliveredAt: at, openedAt: at, messageId: unique('ses-') },
    {
      status: 'bounced',
      sentAt: at,
      bouncedAt: at,
      messageId: unique('ses-'),
      error: { code: 'General', message: id },
    },
    { status: 'failed', failedAt: at, error: { code: 'MessageRejected', message: id } },
  ] as const;
  for (const [n, { _id }] of deliveries.entries()) {
    await DeliveryModel.updateOne({ _id }, { $set: { attempts: 1, ...outcomes[n % outcomes.length] } });
  }
  await EmailCampaignModel.updateOne({ _id: id }, { $set: { status: 'sent', completedAt: at } });
}

/** The id of a recipient of the campaign. */
export async function recipientOf(campaign: string): Promise<string> {
  return (await DeliveryModel.findOne({ campaign }).lean().orFail())._id.toHexString();
}

/** The id of an address that gets no mail of the tenant's. */
export async function suppressionOf(scene: Scene): Promise<string> {
  const { suppression } = await as(scene, 'post', '/api/suppressions', { email: addressOf(scene) }, 201);
  return suppression.id;
}

/** The id of a sending domain that is not proven yet, of which neither SES nor DNS was asked. */
export async function sendingDomainOf({ businessId, domain }: Scene): Promise<string> {
  const _id = new Types.ObjectId();
  const name = `${unique('sub')}.${domain}`;
  const added = { _id, domain: name, mailFromDomain: `bounce.${name}`, proofToken: unique('proof') };
  await BusinessModel.updateOne({ _id: businessId }, { $push: { sendingDomains: added } });
  return _id.toHexString();
}

/** A time on the wire, so many hours from now. */
export const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

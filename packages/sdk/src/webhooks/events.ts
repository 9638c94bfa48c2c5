/** What an event of any type tells. */
interface Told {
  /** The event's id in the log (`events.list`), and the `webhook-id` of the message. */
  eventId: string;
  businessId: string;
  /** From a test key: nothing went out. */
  isTest?: boolean;
}

/** About one address. */
interface AboutEmail extends Told {
  email: string;
  /** Of one recipient of a campaign or a message. */
  deliveryId: string;
  /** Where it is a campaign's. */
  campaignId?: string;
  /** Where it is a single message's: the `id` that `emails.send` answered. */
  emailId?: string;
  /** The tags of that message. */
  tags?: Record<string, string>;
}

interface AboutCampaign extends Told {
  campaignId: string;
}

interface AboutQuota extends Told {
  used: number;
  limit: number;
  /** `2026-12`. */
  period: string;
}

interface AboutDomain extends Told {
  id: string;
  domain: string;
  reason?: string;
}

interface Opened extends AboutEmail {
  /** A mail program's proxy or a scanner: that says nothing of the person. */
  machine: boolean;
  ip?: string;
  userAgent?: string;
}

/** What the events tell, by their types. */
interface DataOf {
  /** SES took it. */
  'email.sent': AboutEmail & {
    /** SES's id of the message. */
    messageId: string;
  };
  /** It is in the mailbox, as far as the receiving server says. */
  'email.delivered': AboutEmail;
  'email.opened': Opened;
  'email.clicked': Opened & { link: string };
  'email.bounced': AboutEmail & {
    /** The address does not work, and gets no more mail. */
    permanent: boolean;
    bounceType: 'Permanent' | 'Transient' | 'Undetermined';
    subType?: string;
    /** What the receiving server said. */
    diagnostic?: string;
  };
  /** Its recipient called it spam, and gets no more mail. */
  'email.complained': AboutEmail & { subType?: string; notSpam?: boolean };
  'email.unsubscribed': AboutEmail;
  /** It will not be sent. */
  'email.failed': AboutEmail & { code?: string; reason?: string };
  'campaign.started': AboutCampaign;
  'campaign.paused': AboutCampaign & { reason: string; message: string };
  'campaign.cancelled': AboutCampaign;
  'campaign.completed': AboutCampaign & {
    total: number;
    sent: number;
    failed: number;
    suppressed: number;
    unconfirmed: number;
  };
  /** 80 % of the month are used. */
  'quota.warning': AboutQuota;
  'quota.exceeded': AboutQuota;
  'domain.verified': AboutDomain;
  'domain.failed': AboutDomain;
  /** What `webhooks.test` sends. */
  'webhook.test': Told;
}

/** `email.delivered`, `campaign.completed`, … */
export type WebhookEventType = keyof DataOf;

/** An event as the hub posts it: `switch (event.type)` tells what `event.data` has. There may be new types with time. */
export type WebhookEvent = {
  [Type in WebhookEventType]: {
    type: Type;
    /** When it happened; ISO 8601. */
    timestamp: string;
    data: DataOf[Type];
  };
}[WebhookEventType];

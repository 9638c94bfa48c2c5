// Made by `npm run sdk:types` from the hub's OpenAPI document: change the hub's schemas instead.

/** Of this package. */
export const VERSION = '0.1.0';

/** Why the hub refused something. */
export type ErrorCode =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'business_inactive'
  | 'not_found'
  | 'conflict'
  | 'invalid_transition'
  | 'import_in_progress'
  | 'idempotency_in_flight'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'validation_failed'
  | 'idempotency_mismatch'
  | 'suppressed'
  | 'domain_not_verified'
  | 'ses_not_configured'
  | 'preflight_failed'
  | 'business_required'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'unavailable'
  | 'internal_error';

export interface Subscription {
  plan: 'free' | 'basic' | 'pro' | 'enterprise';
  /** Messages a calendar month in the business’s timezone. */
  emailsPerMonth: number;
  /** Sent, and reserved for what is being sent. */
  emailsSentThisMonth: number;
  billingCycle: 'monthly' | 'yearly';
  nextBillingDate: string | null;
}

export interface User {
  id: string;
  email: string;
  name: string;
  role: 'super_admin' | 'business_admin' | 'business_user';
  permissions: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
  )[];
  isActive: boolean;
  lastLogin: string | null;
  createdAt: string;
}

export interface Pagination {
  nextCursor: string | null;
  hasMore: boolean;
}

export interface Invitation {
  id: string;
  email: string;
  name: string | null;
  role: 'business_admin' | 'business_user';
  permissions: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
  )[];
  /** The user who invited. */
  invitedBy: string;
  expiresAt: string;
}

export interface NewApiKey {
  id: string;
  name: string;
  /** How the key begins, to tell keys apart. E.g. "pmh_live_3kTz". */
  prefix: string;
  mode: 'live' | 'test';
  permissions: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
    | 'send_transactional'
  )[];
  expiresAt: string | null;
  /** The keys before its rotations that still work, the latest first. */
  predecessors: {
    prefix: string;
    until: string;
  }[];
  /** To the minute; of a predecessor, too. */
  lastUsed: string | null;
  /** Who made it; the name is null when he was removed. */
  createdBy: {
    id: string;
    name: string | null;
  };
  createdAt: string;
  /** The key itself: shown here and never again. */
  key: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** How the key begins, to tell keys apart. E.g. "pmh_live_3kTz". */
  prefix: string;
  mode: 'live' | 'test';
  permissions: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
    | 'send_transactional'
  )[];
  expiresAt: string | null;
  /** The keys before its rotations that still work, the latest first. */
  predecessors: {
    prefix: string;
    until: string;
  }[];
  /** To the minute; of a predecessor, too. */
  lastUsed: string | null;
  /** Who made it; the name is null when he was removed. */
  createdBy: {
    id: string;
    name: string | null;
  };
  createdAt: string;
}

export interface SendingDomain {
  id: string;
  domain: string;
  status: 'pending' | 'verified' | 'failed';
  /** Messages may be sent from it, and from what lies below it. */
  verified: boolean;
  /** What stands in the way. Of a verified one a warning: when it stays so, the domain fails. */
  problem: string | null;
  proof: {
    by: 'dns' | 'parent' | 'admin';
    at: string;
  } | null;
  /** What SES said at the last check. */
  ses: {
    identity: 'Pending' | 'Success' | 'Failed' | 'TemporaryFailure' | 'NotStarted';
    dkim: 'Pending' | 'Success' | 'Failed' | 'TemporaryFailure' | 'NotStarted';
    mailFrom: 'Pending' | 'Success' | 'Failed' | 'TemporaryFailure' | 'NotStarted';
  };
  mailFromDomain: string | null;
  records: DnsRecord[];
  checkedAt: string | null;
  nextCheckAt: string | null;
  verifiedAt: string | null;
  createdAt: string;
}

/** A record to publish in DNS. */
export interface DnsRecord {
  type: 'TXT' | 'CNAME' | 'MX';
  name: string;
  value: string;
  /** Of an MX. */
  priority?: number;
  /**
   * `proof`: that the domain is yours; `identity` and `dkim`: SES verifies by either, and signs by `dkim`;
   * `mail_from` and `spf`: where bounces go; `dmarc`: receivers of bulk mail ask for it, an existing one is as good.
   */
  purpose: 'proof' | 'identity' | 'dkim' | 'mail_from' | 'spf' | 'dmarc';
  /** What DNS said at the last check. */
  state: 'published' | 'different' | 'missing' | 'unknown';
}

/** How SES tells what became of the mail. */
export interface EventsSetup {
  /** `pending` until SNS’s subscription of the present URL is confirmed, which the hub does when SNS asks. */
  status: 'none' | 'pending' | 'confirmed';
  /** Where SNS posts to: a secret. Never shown to an API key. */
  inboundUrl: string | null;
  topicArn: string | null;
  configurationSet: string | null;
  /** A person made topic and configuration set. */
  byHand: boolean;
  confirmedAt: string | null;
  /** When the last event came in. */
  lastEventAt: string | null;
}

export interface Business {
  id: string;
  name: string;
  domain: string;
  status: 'active' | 'suspended' | 'cancelled';
  subscription: Subscription;
  settings: BusinessSettings;
  sesConfiguration: SesConfiguration;
  createdAt: string;
}

export interface BusinessSettings {
  defaultFromEmail: string | null;
  defaultFromName: string | null;
  replyToEmail: string | null;
  /** The URL of the webhook named `default`. */
  webhookUrl: string | null;
  /** E.g. "Europe/Berlin". */
  timezone: string;
  domainLimits: DomainLimit[];
  guard: ReputationGuard;
  tracking: Tracking;
  trackingDomain: string | null;
  postalAddress: string | null;
}

export interface DomainLimit {
  /** E.g. "example.com". */
  domain: string;
  /** Messages a day at most. 1 to 1000000000. */
  dailyCap?: number;
  warmUp?: {
    /** The first day of the ramp, in the business’s timezone. E.g. "2026-12-24". */
    startsOn: string;
    /**
     * Messages of each day of the ramp; after its last the daily cap alone binds. 1 to 90 items; e.g. [200,400,800].
     */
    perDay: number[];
  };
}

/**
 * Campaigns pause when more than these shares of what was sent bounce for good or are complained of, by the events of
 * SES that the hub gets: of a campaign, or of the business’s last seven days, once so many were sent. Complaints
 * count from the third on.
 */
export interface ReputationGuard {
  maxBouncePercent: number;
  maxComplaintPercent: number;
  minOutcomes: number;
}

/** Of campaigns that do not say so themselves: a pixel, and links by way of the hub. */
export interface Tracking {
  opens: boolean;
  clicks: boolean;
}

export interface SesConfiguration {
  configured: boolean;
  /** SES answered GetSendQuota to these credentials. */
  verified: boolean;
  verifiedAt: string | null;
  region: string;
  /** Its ends only. E.g. "AKIA…WXYZ". */
  accessKeyId: string | null;
}

export interface DomainLimitInput {
  /** At most 253 characters; e.g. "example.com". */
  domain: string;
  /** Messages a day at most. 1 to 1000000000. */
  dailyCap?: number;
  warmUp?: {
    /** The first day of the ramp, in the business’s timezone. E.g. "2026-12-24". */
    startsOn: string;
    /**
     * Messages of each day of the ramp; after its last the daily cap alone binds. 1 to 90 items; e.g. [200,400,800].
     */
    perDay: number[];
  };
}

export interface BusinessStats {
  /** E.g. "2026-12-24". */
  from: string;
  /** E.g. "2026-12-24". */
  to: string;
  /** E.g. "Europe/Berlin". */
  timezone: string;
  /** No number is older than this; those of long ago are counted more seldom. */
  asOf: string;
  totals: Stats;
  rates: Rates;
  /** Day by day; sums to the totals. */
  series: {
    /** E.g. "2026-12-24". */
    day: string;
    sent: number;
    delivered: number;
    opened: number;
    clicked: number;
    machineOpened: number;
    machineClicked: number;
    bounced: number;
    complained: number;
    unsubscribed: number;
  }[];
}

/**
 * What ever happened: a bounced message was also sent. Each recipient once, however often he came back; what a
 * machine opened or followed (a mail program’s proxy, a scanner) is counted apart.
 */
export interface Stats {
  sent: number;
  delivered: number;
  opened: number;
  clicked: number;
  machineOpened: number;
  machineClicked: number;
  bounced: number;
  complained: number;
  unsubscribed: number;
}

/** Shares from 0 to 1; null where there is nothing to hold them against. Machines are in none of them. */
export interface Rates {
  /** `delivered` of `sent`. 0 to 1; e.g. 0.42. */
  deliveryRate: number | null;
  /** `bounced` of `sent`. 0 to 1; e.g. 0.42. */
  bounceRate: number | null;
  /** `complained` of `sent`. 0 to 1; e.g. 0.42. */
  complaintRate: number | null;
  /** `opened` of what was sent and did not bounce. 0 to 1; e.g. 0.42. */
  openRate: number | null;
  /** `clicked` of what was sent and did not bounce. 0 to 1; e.g. 0.42. */
  clickRate: number | null;
  /** `unsubscribed` of what was sent and did not bounce. 0 to 1; e.g. 0.42. */
  unsubscribeRate: number | null;
  /** `clicked` of `opened`. 0 to 1; e.g. 0.42. */
  clickToOpenRate: number | null;
}

export interface Usage {
  /** The calendar month in the business’s timezone. E.g. "2026-12". */
  period: string;
  limit: number;
  /** Sent, or perhaps sent. */
  used: number;
  /** Taken for what is being sent just now; what is not needed comes back. */
  reserved: number;
  remaining: number;
  /** A little is kept for transactional mail, where the business sends any. */
  remainingForCampaigns: number;
  /** When the next month begins. */
  resetsAt: string;
  /** null on the first day of a month. */
  forecast: {
    /** Of the whole month, if it goes on as it began. */
    messages: number;
    /** null: not this month. */
    limitReachedAt: string | null;
  } | null;
  today: {
    day: string;
    endsAt: string;
    /** The daily caps of sending domains, and of campaigns under way. */
    caps: {
      domain: string | null;
      campaign: string | null;
      /** null: nothing binds today. */
      limit: number | null;
      /** Sent today, and reserved for what is being sent. */
      used: number;
    }[];
  };
}

/** What SES lets the account send, in recipients. */
export interface SendQuota {
  maxPerSecond: number;
  /** -1: no limit. */
  maxPer24Hours: number;
  sentLast24Hours: number;
}

/** What was found of one thing. */
export interface SesFinding {
  check:
    | 'credentials'
    | 'sandbox'
    | 'sending_enabled'
    | 'enforcement'
    | 'quota'
    | 'domains'
    | 'identity'
    | 'dkim'
    | 'mail_from'
    | 'dmarc'
    | 'feedback_forwarding'
    | 'event_wiring'
    | 'configuration_set'
    | 'event_destination'
    | 'topic'
    | 'subscription'
    | 'double_tracking'
    | 'events_arriving';
  /** The domain, configuration set or topic that it is about. */
  subject?: string;
  status: 'ok' | 'warning' | 'problem';
  message: string;
  /** What to do about it. */
  remedy?: string;
}

export interface TemplateContent {
  /** At most 524288 characters. */
  html?: string | null;
  /** Derived from the HTML where absent. At most 524288 characters. */
  text?: string | null;
}

export interface TemplateVariable {
  /** At most 64 characters; e.g. "firstName". */
  name: string;
  /** At most 500 characters; e.g. "How he is addressed". */
  description?: string;
  /** Stands in where a recipient has no value. At most 2000 characters; e.g. "friend". */
  defaultValue?: string;
  /** False where absent. */
  required?: boolean;
}

export interface Template {
  id: string;
  name: string;
  description: string | null;
  subject: string;
  content: {
    html: string | null;
    text: string | null;
  };
  variables: {
    name: string;
    description: string | null;
    defaultValue: string | null;
    required: boolean;
  }[];
  category: 'marketing' | 'transactional' | 'newsletter' | 'announcement' | 'other';
  tags: string[];
  thumbnail: string | null;
  isActive: boolean;
  /** Campaigns launched with it. */
  usageCount: number;
  lastUsed: string | null;
  createdAt: string;
  updatedAt: string;
}

export type Variables = Record<string, unknown>;

export interface TemplatePreview {
  subject: string;
  html: string | null;
  text: string;
  /** Variables without a value and without a default. */
  missing: {
    name: string;
    required: boolean;
  }[];
}

export interface NewRecipient {
  /** E.g. "Ann Lee <ann@example.com>". */
  email: string;
  /** E.g. "Ann Lee". */
  name?: string | null;
  variables?: Variables | null;
}

export interface RejectedRecipient {
  /** The line of the file, or the place in `recipients`; both from 1. */
  line: number;
  email: string;
  reason: string;
}

export interface Recipient {
  id: string;
  email: string;
  name: string | null;
  variables: Record<string, unknown>;
  status:
    | 'pending'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'suppressed'
    | 'bounced'
    | 'complained'
    | 'unconfirmed'
    | 'cancelled';
  /** How often SES was asked to send it. */
  attempts: number;
  /** SES's id of the message. */
  messageId: string | null;
  error: {
    code: string;
    message: string;
  } | null;
  sentAt: string | null;
  deliveredAt: string | null;
  bouncedAt: string | null;
  complainedAt: string | null;
  failedAt: string | null;
  /** When it came to be in doubt; it can be retried 15 minutes later. */
  unconfirmedAt: string | null;
  unsubscribedAt: string | null;
  /** First opened, or a link followed, by a person. */
  openedAt: string | null;
  clickedAt: string | null;
  /** First opened by a machine: a mail program’s proxy, a scanner; that says nothing of the person. */
  machineOpenedAt: string | null;
  machineClickedAt: string | null;
  createdAt: string;
}

export interface Campaign {
  id: string;
  name: string;
  subject: string | null;
  fromEmail: string | null;
  fromName: string | null;
  replyTo: string | null;
  template: string | null;
  content: {
    html: string | null;
    text: string | null;
  } | null;
  schedule: 'immediate' | 'scheduled';
  scheduledFor: string | null;
  /** Nothing of it goes out after this. */
  expiresAt: string | null;
  ratePerSecond: number | null;
  dailyCap: number | null;
  /** `null`: as the business’s settings have it when it is sent. */
  tracking: {
    opens: boolean | null;
    clicks: boolean | null;
  };
  status: 'draft' | 'scheduled' | 'sending' | 'paused' | 'sent' | 'cancelled';
  pause: {
    /**
     * `user`: by request; `quota_exceeded`: the month is used up; goes on by itself with the next one, or a raised
     * limit; `business_inactive`: the business was suspended or cancelled; goes on by itself when it is active again;
     * `account`: SES stopped the account; `credentials`: SES refused its keys; `rejections`: SES refused one message
     * after the other; `reputation`: too many bounced or complained; `expired`: its `expiresAt` is past;
     * `missed_schedule`: its time was missed by more than six hours; `preflight_failed`: it did not pass the checks
     * when its time came.
     */
    reason:
      | 'user'
      | 'quota_exceeded'
      | 'business_inactive'
      | 'account'
      | 'credentials'
      | 'rejections'
      | 'reputation'
      | 'expired'
      | 'missed_schedule'
      | 'preflight_failed';
    message: string;
    at: string;
  } | null;
  /** Why nothing of a running campaign goes out at present; it goes on by itself. */
  hold: {
    /**
     * `day_exhausted`: SES’s 24 hours are used up; `daily_cap`: the campaign’s own; `domain_daily_cap`: its sending
     * domain’s; `unclear_answers`: SES gives none that say whether it took a message; `hub_paused`: the administrator
     * of the hub has stopped all sending.
     */
    reason:
      | 'day_exhausted'
      | 'daily_cap'
      | 'domain_daily_cap'
      | 'unclear_answers'
      | 'hub_paused';
    message: string;
    since: string;
    until: string | null;
  } | null;
  launchedAt: string | null;
  completedAt: string | null;
  archivedAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface CampaignStats {
  asOf: string;
  total: number;
  states: CampaignStates;
  stats: Stats;
  rates: Rates;
  /** Hour by hour, by when it happened; a recipient counts at his first time. */
  series: CampaignHour[];
  /** The 20 links that most recipients followed. */
  topLinks: {
    /** As the campaign has it, with its variables. */
    url: string;
    /** Recipients who followed it. */
    clicks: number;
  }[];
  /** Why recipients are `bounced`: the 20 most frequent. */
  bounceReasons: {
    /** SES’s kind of bounce. E.g. "General". */
    code: string;
    /** The enhanced status code that the receiver named (RFC 3463). E.g. "5.1.1". */
    status: string | null;
    count: number;
    /** What one of the receivers said. */
    example: string | null;
  }[];
}

/** Each recipient once, by where it is now; sums to the total. */
export interface CampaignStates {
  pending: number;
  sending: number;
  sent: number;
  delivered: number;
  failed: number;
  suppressed: number;
  bounced: number;
  complained: number;
  unconfirmed: number;
  cancelled: number;
}

export interface CampaignHour {
  /** When the hour begins, in UTC. */
  at: string;
  sent: number;
  delivered: number;
  opened: number;
  clicked: number;
  bounced: number;
  complained: number;
  unsubscribed: number;
}

export interface Preflight {
  /** Each of them keeps the campaign from being sent. */
  problems: PreflightFinding[];
  warnings: PreflightFinding[];
  /** Still to be mailed. */
  recipients: number;
  /** Of these, on the suppression list and left out; null where the list is too long to tell at once. */
  suppressed: number | null;
  /** Messages of the month; `left` is what campaigns may still use. */
  quota: {
    limit: number;
    used: number;
    left: number;
  };
  /** What SES says of the account and the sender, at most a minute old; null where it says nothing. */
  ses: {
    quota: SendQuota | null;
    sendingEnabled: boolean | null;
    sender: 'verified' | 'unverified' | null;
  } | null;
  /** Recipients without a value: of all for required variables, of the first 1,000 for others. */
  missingVariables: {
    name: string;
    required: boolean;
    recipients: number;
  }[];
  /** Sending time by the rate; null while it is not known. */
  expectedSeconds: number | null;
  /** Days on which something goes out, by the daily caps. */
  expectedDays: number | null;
}

/** What it is about, and what is found. */
export interface PreflightFinding {
  path: string;
  message: string;
}

/** `POST /api/emails`: Send a message to one or a few people. */
export interface NewEmail {
  /** One address or several, as all of its recipients see them. 1 to 50 items. */
  to: string | string[];
  /** 1 to 50 items. */
  cc?: string | string[];
  /** Seen by nobody. 1 to 50 items. */
  bcc?: string | string[];
  /**
   * Of a verified domain of the business; the sender of its settings where absent. At most 500 characters; e.g. "Ann
   * Lee <ann@example.com>".
   */
  from?: string;
  /** At most 500 characters; e.g. "Ann Lee <ann@example.com>". */
  replyTo?: string;
  /** Needed without a template; else in place of the template’s. At most 500 characters. */
  subject?: string;
  /** At most 524288 characters. */
  html?: string;
  /** Derived from the HTML where absent. At most 524288 characters. */
  text?: string;
  /** In place of `html` and `text`. */
  template?: string;
  /**
   * For the template. With `html` and `text` of your own they make templates of these; without, both are sent as they
   * are, `{{ … }}` and all.
   */
  variables?: Variables;
  /** At most 7 MB in all, before base64. At most 20 items. */
  attachments?: NewAttachment[];
  /** E.g. {"X-Order":"4711"}. */
  headers?: Record<string, string>;
  /** Your own names for it, which its events and webhooks carry. E.g. {"order":"4711"}. */
  tags?: Record<string, string>;
  /** When it is sent; at once where absent. */
  scheduledFor?: string | Date;
  /** What could not be sent by then fails; a day after it was due where absent, a week at most. */
  expiresAt?: string | Date;
  /**
   * `transactional`: what its recipient asked for. `broadcast`: bulk, behind the transactional, not to those who
   * unsubscribed, with a way out. "transactional" where absent.
   */
  stream?: 'transactional' | 'broadcast';
}

export interface NewAttachment {
  /** At most 200 characters. */
  filename: string;
  /** At most 9786712 characters; e.g. "SGVsbG8=". */
  content: string;
  /** At most 127 characters; "application/octet-stream" where absent; e.g. "application/pdf". */
  contentType?: string;
  /** Shown by the HTML as `<img src="cid:…">` rather than listed. */
  contentId?: string;
}

export interface EmailSummary {
  id: string;
  /**
   * Of several recipients the one that is worst off: what is still to be sent, then what is in doubt, then what
   * failed.
   */
  status:
    | 'pending'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'suppressed'
    | 'bounced'
    | 'complained'
    | 'unconfirmed'
    | 'cancelled';
  stream: 'transactional' | 'broadcast';
  /** Of a test key: nothing of it goes out. */
  isTest: boolean;
  from: Mailbox;
  replyTo: Mailbox | null;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  subject: string;
  template: string | null;
  tags: Record<string, string>;
  scheduledFor: string | null;
  expiresAt: string;
  createdAt: string;
  /** One for each address. */
  recipients: EmailRecipient[];
}

export interface Mailbox {
  email: string;
  name: string | null;
}

export interface EmailRecipient {
  id: string;
  email: string;
  status:
    | 'pending'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'suppressed'
    | 'bounced'
    | 'complained'
    | 'unconfirmed'
    | 'cancelled';
  attempts: number;
  /** SES's id of the message. */
  messageId: string | null;
  error: {
    code: string;
    message: string;
  } | null;
  sentAt: string | null;
  deliveredAt: string | null;
  bouncedAt: string | null;
  complainedAt: string | null;
  failedAt: string | null;
  unconfirmedAt: string | null;
}

/** Either of both. */
export interface BatchResult {
  email: EmailSummary | null;
  error: {
    code:
      | 'malformed'
      | 'unauthenticated'
      | 'forbidden'
      | 'business_inactive'
      | 'not_found'
      | 'conflict'
      | 'invalid_transition'
      | 'import_in_progress'
      | 'idempotency_in_flight'
      | 'payload_too_large'
      | 'unsupported_media_type'
      | 'validation_failed'
      | 'idempotency_mismatch'
      | 'suppressed'
      | 'domain_not_verified'
      | 'ses_not_configured'
      | 'preflight_failed'
      | 'business_required'
      | 'rate_limited'
      | 'quota_exceeded'
      | 'unavailable'
      | 'internal_error';
    message: string;
    errors: {
      path: string;
      message: string;
    }[];
  } | null;
}

export interface EmailMessage {
  id: string;
  /**
   * Of several recipients the one that is worst off: what is still to be sent, then what is in doubt, then what
   * failed.
   */
  status:
    | 'pending'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'suppressed'
    | 'bounced'
    | 'complained'
    | 'unconfirmed'
    | 'cancelled';
  stream: 'transactional' | 'broadcast';
  /** Of a test key: nothing of it goes out. */
  isTest: boolean;
  from: Mailbox;
  replyTo: Mailbox | null;
  to: Mailbox[];
  cc: Mailbox[];
  bcc: Mailbox[];
  subject: string;
  template: string | null;
  tags: Record<string, string>;
  scheduledFor: string | null;
  expiresAt: string;
  createdAt: string;
  /** One for each address. */
  recipients: EmailRecipient[];
  /**
   * As it is sent, with `{{ unsubscribe_url }}` where each recipient has a link of his own; null when it is not kept
   * any more, after as many days as the events.
   */
  content: {
    html: string | null;
    text: string;
    headers: Record<string, string>;
    attachments: {
      filename: string;
      contentType: string;
      size: number;
    }[];
  } | null;
  /** The latest 200, newest first. */
  events: Event[];
}

export interface Event {
  id: string;
  type:
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed';
  at: string;
  campaign: string | null;
  /** The single message (`GET /api/emails/:id`) that it is about. */
  message: string | null;
  /** Of what a test key sent: nothing of it went out. */
  isTest: boolean;
  /** Of `email.*`: the recipient, by the id that the list of recipients has. */
  delivery: string | null;
  email: string | null;
  /**
   * `email.bounced`: permanent, bounceType (Permanent, Transient or Undetermined), subType, diagnostic;
   * `email.complained`: subType, notSpam; `email.sent`: messageId; `email.failed`: reason, and code where the hub
   * itself says so; `email.opened`: machine, ip, userAgent; `email.clicked`: the same, and link; `campaign.paused`:
   * reason, message; `campaign.completed`: total, sent, failed, suppressed, unconfirmed; `quota.warning` and
   * `quota.exceeded`: used, limit, period; empty for others.
   */
  data: Record<string, unknown>;
}

export interface Suppression {
  id: string;
  email: string;
  reasons: {
    /**
     * `unsubscribed` blocks campaigns only; `bounced`, `complained` and `manual` block every message. An address has
     * each at most once.
     */
    reason: 'unsubscribed' | 'bounced' | 'complained' | 'manual';
    /**
     * Who said so: `link:<delivery>` its recipient, `ses:<delivery>` an event of SES, `soft-bounces`, `user:<id>`,
     * `key:<id>`.
     */
    source: string;
    at: string;
  }[];
  createdAt: string;
}

export interface SesSuppressionList {
  /**
   * `cleared`: it was there, and is no more; `not_listed`: it was not there; `not_asked`: SES need not, or cannot, be
   * asked; `failed`: it may still be there.
   */
  state: 'cleared' | 'not_listed' | 'not_asked' | 'failed';
  /** Why not, and what is missing; for a person. */
  message: string | null;
}

export interface Webhook {
  id: string;
  /** The one named `default` is `settings.webhookUrl` of the business. */
  name: string;
  description: string | null;
  url: string;
  /** Empty: all. */
  types: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
  isActive: boolean;
  /** Switched off by the hub: it answered 410 (`gone`), or failed for five days (`failing`). */
  disabled: {
    reason: 'gone' | 'failing';
    at: string;
  } | null;
  /** Until then messages have a second signature, by the secret before the rotation. */
  previousSecretUntil: string | null;
  health: {
    /** Events that are still to be delivered, up to 10,000. */
    waiting: number;
    /** The first failure since the last success. */
    failingSince: string | null;
    /** To the minute. */
    lastSuccessAt: string | null;
    lastFailureAt: string | null;
    /** For a person. */
    lastFailure: string | null;
  };
  /** The last one. */
  replay: WebhookReplay | null;
  createdAt: string;
}

export interface WebhookReplay {
  from: string;
  to: string;
  /** Empty: those of the endpoint. */
  types: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
  status: 'running' | 'done';
  /** Events that were queued so far. */
  queued: number;
  startedAt: string;
  finishedAt: string | null;
}

export interface NewWebhook {
  id: string;
  /** The one named `default` is `settings.webhookUrl` of the business. */
  name: string;
  description: string | null;
  url: string;
  /** Empty: all. */
  types: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
  isActive: boolean;
  /** Switched off by the hub: it answered 410 (`gone`), or failed for five days (`failing`). */
  disabled: {
    reason: 'gone' | 'failing';
    at: string;
  } | null;
  /** Until then messages have a second signature, by the secret before the rotation. */
  previousSecretUntil: string | null;
  health: {
    /** Events that are still to be delivered, up to 10,000. */
    waiting: number;
    /** The first failure since the last success. */
    failingSince: string | null;
    /** To the minute. */
    lastSuccessAt: string | null;
    lastFailureAt: string | null;
    /** For a person. */
    lastFailure: string | null;
  };
  /** The last one. */
  replay: WebhookReplay | null;
  createdAt: string;
  /** What signs the messages: shown here and never again. E.g. "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw". */
  secret: string;
}

export interface WebhookAttempt {
  id: string;
  /** The `webhook-id` of the message. */
  eventId: string;
  type:
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
    | 'webhook.test';
  url: string;
  cause: 'event' | 'retry' | 'redelivery' | 'replay' | 'test';
  /** Which try it was since the event was queued, from 1. */
  number: number;
  status: 'succeeded' | 'failed';
  at: string;
  durationMs: number;
  httpStatus: number | null;
  /** Its first 1,000 characters. */
  responseBody: string | null;
  /** `status`: the answer was no 2xx. */
  error:
    | 'status'
    | 'timeout'
    | 'dns'
    | 'refused_address'
    | 'connection'
    | 'tls'
    | 'unreadable_secret'
    | null;
  /** For a person. */
  message: string | null;
  /** When the event is tried again. */
  nextAt: string | null;
}

/** `GET /api/users`: The users of the business, newest first. */
export interface ListUsers {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  /** What the address begins with. At most 320 characters. */
  search?: string;
  role?: 'business_admin' | 'business_user';
  isActive?: 'true' | 'false';
}

/** `POST /api/users`: Make a user. */
export interface CreateUser {
  /** E.g. "ann@example.com". */
  email: string;
  /** At most 200 characters; e.g. "Ann Lee". */
  name: string;
  /** E.g. "correct horse battery". */
  password: string;
  /** "business_user" where absent. */
  role?: 'business_admin' | 'business_user';
  /**
   * At most what the caller holds. Where left out: everything the caller holds for a business_admin, nothing for a
   * business_user. A business_admin needs `manage_users`. E.g. ["manage_campaigns","send_emails","view_analytics"].
   */
  permissions?: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
  )[];
}

/** `POST /api/users/invite`: Invite somebody by mail. */
export interface InviteUser {
  /** E.g. "ann@example.com". */
  email: string;
  /** At most 200 characters; e.g. "Ann Lee". */
  name?: string;
  /** "business_user" where absent. */
  role?: 'business_admin' | 'business_user';
  /**
   * At most what the caller holds. Where left out: everything the caller holds for a business_admin, nothing for a
   * business_user. A business_admin needs `manage_users`. E.g. ["manage_campaigns","send_emails","view_analytics"].
   */
  permissions?: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
  )[];
}

/** `GET /api/users/invitations`: The open invitations, newest first. */
export interface ListInvitations {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
}

/** `PATCH /api/users/{id}`: Change a user, deactivate him or let him in again. */
export interface UpdateUser {
  /** At most 200 characters; e.g. "Ann Lee". */
  name?: string;
  /** E.g. "business_user". */
  role?: 'business_admin' | 'business_user';
  /** E.g. ["manage_campaigns","send_emails","view_analytics"]. */
  permissions?: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
  )[];
  isActive?: boolean;
}

/** `POST /api/business/api-keys`: Make an API key. */
export interface CreateApiKey {
  /** At most 200 characters; e.g. "Whisky shop". */
  name: string;
  /**
   * A `test` key’s messages never reach SES. Until such messages exist, it cannot send campaigns: 403. "live" where
   * absent.
   */
  mode?: 'live' | 'test';
  /** E.g. ["manage_campaigns","send_emails","view_analytics"]. */
  permissions: (
    | 'manage_users'
    | 'manage_campaigns'
    | 'manage_templates'
    | 'manage_settings'
    | 'view_analytics'
    | 'send_emails'
    | 'send_transactional'
  )[];
  expiresAt?: string | Date;
}

/** `GET /api/business/api-keys`: The API keys, newest first. */
export interface ListApiKeys {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
}

/** `POST /api/business/api-keys/{id}/rotate`: Replace an API key. */
export interface RotateApiKey {
  /** 0 to 168; 24 where absent. */
  overlapHours?: number;
}

/** `POST /api/business/domains`: Add a domain to send from. */
export interface AddDomain {
  /** At most 253 characters; e.g. "example.com". */
  domain: string;
  /** Where bounces go: a name below the domain that is used for nothing else. "bounce" where absent. */
  mailFromSubdomain?: string;
}

/** `DELETE /api/business/domains/{id}`: Give a domain up. */
export interface DeleteDomain {
  /** Delete the identity in the SES account, too. "false" where absent. */
  deleteIdentity?: 'true' | 'false';
}

/** `PUT /api/business/events-setup`: Name the topic and the configuration set that were made by hand. */
export interface StoreEventsSetup {
  /** E.g. "arn:aws:sns:eu-west-1:123456789012:ses-events". */
  topicArn: string;
  /** E.g. "whisky-events". */
  configurationSet: string;
}

/** `PATCH /api/business`: Change the name and the settings. */
export interface UpdateBusiness {
  /** At most 200 characters; e.g. "Whisky Ltd". */
  name?: string;
  /**
   * E.g.
   * {"defaultFromEmail":"news@example.com","defaultFromName":"Whisky","timezone":"Europe/Berlin","tracking":{"opens":true,"clicks":true},"postalAddress":"Whisky
   * Ltd\n1 High Street\nEdinburgh"}.
   */
  settings?: {
    /** E.g. "ann@example.com". */
    defaultFromEmail?: string | null;
    /** At most 200 characters. */
    defaultFromName?: string | null;
    /** E.g. "ann@example.com". */
    replyToEmail?: string | null;
    /**
     * Makes the webhook named `default`, for all types, or changes its URL and switches it on; `null` deletes it.
     * `POST /api/webhooks/:id/rotate-secret` shows its secret. E.g. "https://whisky.example/hooks/mail".
     */
    webhookUrl?: string | null;
    /** `null` is UTC. At most 64 characters; e.g. "Europe/Berlin". */
    timezone?: string | null;
    /**
     * What campaigns may send a day from a sending domain; the rest goes out on the next days. Replaces the list. At
     * most 100 items.
     */
    domainLimits?: DomainLimitInput[] | null;
    /** `null` takes all three back to 5 %, 0.1 % and 1,000. */
    guard?: {
      /** 0.001 to 100. */
      maxBouncePercent?: number;
      /** 0.001 to 100. */
      maxComplaintPercent?: number;
      /** 1 to 1000000. */
      minOutcomes?: number;
    } | null;
    /** Whether campaigns that do not say so themselves are tracked; `null` is neither. */
    tracking?: {
      opens?: boolean;
      clicks?: boolean;
    } | null;
    /**
     * The host of the links in messages instead of the hub’s. Its CNAME has to name the hub’s host, which is looked
     * up in DNS before it is kept; https for it is the installation’s to set up. At most 253 characters; e.g.
     * "example.com".
     */
    trackingDomain?: string | null;
    /**
     * The sender’s, in up to 300 characters of several lines: at the end of every campaign. At most 300 characters;
     * e.g. "Whisky Ltd\n1 High Street\nEdinburgh".
     */
    postalAddress?: string | null;
  };
}

/** `GET /api/business/stats`: What became of what the business sent in a period. */
export interface BusinessStatsQuery {
  /** The first day, in the business’s timezone; 30 days where it is absent. E.g. "2026-12-24". */
  from?: string;
  /** The last day, within 366 days; today where it is absent. E.g. "2026-12-24". */
  to?: string;
}

/** `PUT /api/business/ses`: Connect an Amazon SES account. */
export interface ConnectSes {
  /** E.g. "AKIAIOSFODNN7EXAMPLE". */
  accessKeyId: string;
  /** At most 256 characters; e.g. "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY". */
  secretAccessKey: string;
  /** "us-east-1" where absent. */
  region?:
    | 'us-east-1'
    | 'us-east-2'
    | 'us-west-1'
    | 'us-west-2'
    | 'af-south-1'
    | 'ap-northeast-1'
    | 'ap-northeast-2'
    | 'ap-northeast-3'
    | 'ap-south-1'
    | 'ap-south-2'
    | 'ap-southeast-1'
    | 'ap-southeast-2'
    | 'ap-southeast-3'
    | 'ap-southeast-5'
    | 'ca-central-1'
    | 'ca-west-1'
    | 'eu-central-1'
    | 'eu-central-2'
    | 'eu-north-1'
    | 'eu-south-1'
    | 'eu-west-1'
    | 'eu-west-2'
    | 'eu-west-3'
    | 'il-central-1'
    | 'me-central-1'
    | 'me-south-1'
    | 'sa-east-1'
    | 'us-gov-east-1'
    | 'us-gov-west-1';
}

/** `PUT /api/business/ses`: Connect an Amazon SES account. */
export interface ConnectSesAnswer {
  business: Business;
  quota: SendQuota;
}

/** `POST /api/business/ses/check`: Examine everything that sending depends on. */
export interface CheckSesAnswer {
  checkedAt: string;
  findings: SesFinding[];
}

/** `POST /api/templates`: Create a template. */
export interface CreateTemplate {
  /** At most 200 characters; e.g. "Order confirmation". */
  name: string;
  /** At most 2000 characters; e.g. "For who has just ordered". */
  description?: string;
  /** At most 500 characters; e.g. "Hello {{ name }}". */
  subject: string;
  content: TemplateContent;
  /** At most 50 items; [] where absent. */
  variables?: TemplateVariable[];
  /** "other" where absent. */
  category?: 'marketing' | 'transactional' | 'newsletter' | 'announcement' | 'other';
  /** At most 20 items; [] where absent; e.g. ["orders"]. */
  tags?: string[];
  /** E.g. "https://example.com/order.png". */
  thumbnail?: string;
  /** True where absent. */
  isActive?: boolean;
}

/** `GET /api/templates`: List templates, newest first. */
export interface ListTemplates {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  category?: 'marketing' | 'transactional' | 'newsletter' | 'announcement' | 'other';
  /** How the name begins. At most 200 characters. */
  search?: string;
}

/** `PATCH /api/templates/{id}`: Change a template. */
export interface UpdateTemplate {
  /** At most 200 characters; e.g. "Order confirmation". */
  name?: string;
  /** At most 500 characters; e.g. "Hello {{ name }}". */
  subject?: string;
  content?: TemplateContent;
  /** At most 50 items. */
  variables?: TemplateVariable[];
  category?: 'marketing' | 'transactional' | 'newsletter' | 'announcement' | 'other';
  /** At most 20 items; e.g. ["orders"]. */
  tags?: string[];
  isActive?: boolean;
  /** At most 2000 characters; e.g. "For who has just ordered". */
  description?: string | null;
  /** E.g. "https://example.com/order.png". */
  thumbnail?: string | null;
}

/** `POST /api/templates/{id}/preview`: Show what a template makes of some variables. */
export interface PreviewTemplate {
  /** {} where absent. */
  variables?: Variables;
}

/** `POST /api/templates/{id}/duplicate`: Copy a template. */
export interface DuplicateTemplate {
  /** "Copy of …" where absent. At most 200 characters; e.g. "Order confirmation". */
  name?: string;
}

/** `POST /api/campaigns/{id}/recipients`: Add recipients to a campaign that is not launched yet. */
export interface AddRecipients {
  /** 1 to 200000 items. */
  recipients: NewRecipient[];
}

/** `POST /api/campaigns/{id}/recipients`: Add recipients to a campaign that is not launched yet. */
export interface AddRecipientsAnswer {
  added: number;
  duplicates: number;
  suppressed: number;
  invalid: number;
  errors: RejectedRecipient[];
}

/** `GET /api/campaigns/{id}/recipients`: The recipients of a campaign. */
export interface ListRecipients {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  status?:
    | 'pending'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'suppressed'
    | 'bounced'
    | 'complained'
    | 'unconfirmed'
    | 'cancelled';
  /** What the address begins with. At most 320 characters. */
  email?: string;
}

/** `POST /api/campaigns`: Create a campaign. */
export interface CreateCampaign {
  /** At most 200 characters; e.g. "Autumn news". */
  name: string;
  /** At most 500 characters; e.g. "News for {{ name }}". */
  subject?: string | null;
  /** E.g. "ann@example.com". */
  fromEmail?: string | null;
  /** At most 200 characters; e.g. "Whisky". */
  fromName?: string | null;
  /** E.g. "ann@example.com". */
  replyTo?: string | null;
  template?: string | null;
  /**
   * `html`, `text` or both; without a text part one is derived from the HTML. E.g. {"html":"<p>Dear {{ name }}, the
   * new bottles are in.</p>"}.
   */
  content?: {
    /** At most 524288 characters. */
    html?: string | null;
    /** At most 524288 characters. */
    text?: string | null;
  } | null;
  expiresAt?: string | Date | null;
  /** Messages a second, under the rate of the SES account. 0.01 to 10000; e.g. 5. */
  ratePerSecond?: number | null;
  /** Messages a day in the business’s timezone; the rest goes out on the next days. 1 to 1000000000; e.g. 5000. */
  dailyCap?: number | null;
  /** Whether opens and clicks are tracked; what is left out is as the business’s settings have it. */
  tracking?: {
    opens?: boolean | null;
    clicks?: boolean | null;
  } | null;
}

/** `GET /api/campaigns`: List campaigns, newest first. */
export interface ListCampaigns {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  status?: 'draft' | 'scheduled' | 'sending' | 'paused' | 'sent' | 'cancelled';
  /** The archived ones, and no others. */
  archived?: boolean;
}

/** `PATCH /api/campaigns/{id}`: Change a campaign. */
export interface UpdateCampaign {
  /** At most 200 characters; e.g. "Autumn news". */
  name?: string;
  /** Another time for a scheduled campaign. Needs `send_emails` as well. */
  scheduledFor?: string | Date;
  /** At most 500 characters; e.g. "News for {{ name }}". */
  subject?: string | null;
  /** E.g. "ann@example.com". */
  fromEmail?: string | null;
  /** At most 200 characters; e.g. "Whisky". */
  fromName?: string | null;
  /** E.g. "ann@example.com". */
  replyTo?: string | null;
  template?: string | null;
  /**
   * `html`, `text` or both; without a text part one is derived from the HTML. E.g. {"html":"<p>Dear {{ name }}, the
   * new bottles are in.</p>"}.
   */
  content?: {
    /** At most 524288 characters. */
    html?: string | null;
    /** At most 524288 characters. */
    text?: string | null;
  } | null;
  expiresAt?: string | Date | null;
  /** Messages a second, under the rate of the SES account. 0.01 to 10000; e.g. 5. */
  ratePerSecond?: number | null;
  /** Messages a day in the business’s timezone; the rest goes out on the next days. 1 to 1000000000; e.g. 5000. */
  dailyCap?: number | null;
  /** Whether opens and clicks are tracked; what is left out is as the business’s settings have it. */
  tracking?: {
    opens?: boolean | null;
    clicks?: boolean | null;
  } | null;
}

/** `POST /api/campaigns/{id}/duplicate`: Make a draft like this campaign, without its recipients. */
export interface DuplicateCampaign {
  /** At most 200 characters; e.g. "Autumn news, again". */
  name?: string;
}

/** `GET /api/campaigns/{id}/stats`: Read what became of a campaign’s recipients. */
export interface CampaignStatsQuery {
  /** Where the series begins, at the full hour; with the first message where it is absent. */
  from?: string | Date;
  /** Where the series ends, at most 31 days later; now where it is absent. */
  to?: string | Date;
}

/** `POST /api/campaigns/{id}/send`: Send a campaign now. */
export interface SendCampaignAnswer {
  campaign: Campaign;
  /** What keeps nothing from being sent, and is worth knowing. */
  warnings: PreflightFinding[];
}

/** `POST /api/campaigns/{id}/schedule`: Have a draft sent at a time. */
export interface ScheduleCampaign {
  scheduledFor: string | Date;
}

/** `POST /api/campaigns/{id}/schedule`: Have a draft sent at a time. */
export interface ScheduleCampaignAnswer {
  campaign: Campaign;
  preflight: Preflight;
}

/** `POST /api/campaigns/{id}/resume`: Let a paused campaign go on where it stopped. */
export interface ResumeCampaign {
  acknowledge?: boolean;
  expiresAt?: string | Date;
}

/** `POST /api/campaigns/{id}/resume`: Let a paused campaign go on where it stopped. */
export interface ResumeCampaignAnswer {
  campaign: Campaign;
  /** What keeps nothing from being sent, and is worth knowing. */
  warnings: PreflightFinding[];
}

/** `POST /api/campaigns/{id}/retry`: Send once more to those that failed, or of whom nobody knows. */
export interface RetryCampaign {
  /** 1 to 10 items. */
  statuses: ('failed' | 'unconfirmed')[];
  /** The campaign’s new end, where its own is past. */
  expiresAt?: string | Date;
}

/** `POST /api/campaigns/{id}/retry`: Send once more to those that failed, or of whom nobody knows. */
export interface RetryCampaignAnswer {
  campaign: Campaign;
  retried: {
    failed: number;
    unconfirmed: number;
  };
  /** What keeps nothing from being sent, and is worth knowing. */
  warnings: PreflightFinding[];
}

/** `POST /api/campaigns/{id}/test`: Send the campaign, as it is, to up to ten people. */
export interface TestCampaign {
  /** 1 to 10 items. */
  to: string[];
  variables?: Variables;
}

/** `POST /api/campaigns/{id}/test`: Send the campaign, as it is, to up to ten people. */
export interface TestCampaignAnswer {
  recipients: {
    id: string;
    email: string;
    status:
      | 'pending'
      | 'sending'
      | 'sent'
      | 'delivered'
      | 'failed'
      | 'suppressed'
      | 'bounced'
      | 'complained'
      | 'unconfirmed'
      | 'cancelled';
    messageId: string | null;
    error: {
      code: string;
      message: string;
    } | null;
  }[];
}

/** `GET /api/emails`: The messages that were sent one by one, newest first. */
export interface ListEmails {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  stream?: 'transactional' | 'broadcast';
  /** To this address. E.g. "ann@example.com". */
  email?: string;
  /** With this tag, as `name:value`. E.g. "order:4711". */
  tag?: string;
}

/** `POST /api/emails/batch`: Send up to a hundred messages. */
export interface SendEmails {
  /** 1 to 100 items. */
  emails: NewEmail[];
}

/** `GET /api/suppressions`: The addresses that get no mail, newest first. */
export interface ListSuppressions {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  reason?: 'unsubscribed' | 'bounced' | 'complained' | 'manual';
  /** What the address begins with. At most 320 characters. */
  email?: string;
}

/** `POST /api/suppressions`: Write to an address no more. */
export interface AddSuppression {
  /** E.g. "ann@example.com". */
  email: string;
  /**
   * `unsubscribed` blocks campaigns only; `bounced`, `complained` and `manual` block every message. An address has
   * each at most once. "manual" where absent.
   */
  reason?: 'unsubscribed' | 'bounced' | 'complained' | 'manual';
}

/** `POST /api/suppressions/import`: Put many addresses on the list. */
export interface ImportSuppressions {
  /** 1 to 200000 items. */
  suppressions: {
    /** E.g. "gone@example.com". */
    email: string;
  }[];
}

/** `POST /api/suppressions/import`: Put many addresses on the list. */
export interface ImportSuppressionsQuery {
  /**
   * `unsubscribed` blocks campaigns only; `bounced`, `complained` and `manual` block every message. An address has
   * each at most once. "manual" where absent.
   */
  reason?: 'unsubscribed' | 'bounced' | 'complained' | 'manual';
}

/** `POST /api/suppressions/import`: Put many addresses on the list. */
export interface ImportSuppressionsAnswer {
  added: number;
  /** Were there already, or twice in the file. */
  known: number;
  invalid: number;
  /** The first 100 of the invalid. */
  errors: RejectedRecipient[];
}

/** `DELETE /api/suppressions/{id}`: Take an address off the list, or one of its reasons. */
export interface RemoveSuppression {
  reason?: 'unsubscribed' | 'bounced' | 'complained' | 'manual';
}

/** `GET /api/events`: The log of what happened, newest first. */
export interface ListEvents {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  type?:
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed';
  campaign?: string;
  /** Of this recipient. */
  delivery?: string;
  /** Of this address. E.g. "ann@example.com". */
  email?: string;
  /** Not before this. */
  from?: string | Date;
  /** Before this. */
  to?: string | Date;
}

/** `GET /api/webhooks`: The endpoints for events, newest first. */
export interface ListWebhooks {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
}

/** `POST /api/webhooks`: Have events posted to a URL. */
export interface CreateWebhook {
  /** At most 100 characters. */
  name: string;
  /** E.g. "https://whisky.example/hooks/mail". */
  url: string;
  /** Which events it gets; an empty list is all of them, also those that are to come. At most 100 items. */
  types?: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
  /** At most 500 characters. */
  description?: string;
  /** True where absent. */
  isActive?: boolean;
}

/** `PATCH /api/webhooks/{id}`: Change an endpoint. */
export interface UpdateWebhook {
  /** At most 100 characters. */
  name?: string;
  /** E.g. "https://whisky.example/hooks/mail". */
  url?: string;
  /** Which events it gets; an empty list is all of them, also those that are to come. At most 100 items. */
  types?: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
  /** At most 500 characters. */
  description?: string | null;
  isActive?: boolean;
}

/** `POST /api/webhooks/{id}/rotate-secret`: Replace the secret of an endpoint. */
export interface RotateWebhookSecret {
  /** 0 to 168; 24 where absent. */
  overlapHours?: number;
}

/** `GET /api/webhooks/{id}/attempts`: The calls of an endpoint, newest first. */
export interface ListWebhookAttempts {
  /** 1 to 200; 50 where absent. */
  limit?: number;
  /** At most 512 characters. */
  cursor?: string;
  status?: 'succeeded' | 'failed';
  /** Of this event. */
  event?: string;
}

/** `POST /api/webhooks/{id}/attempts/{attemptId}/redeliver`: Deliver an event once more. */
export interface RedeliverWebhookAnswer {
  delivery: {
    eventId: string;
    type:
      | 'email.sent'
      | 'email.delivered'
      | 'email.opened'
      | 'email.clicked'
      | 'email.bounced'
      | 'email.complained'
      | 'email.unsubscribed'
      | 'email.failed'
      | 'campaign.started'
      | 'campaign.paused'
      | 'campaign.cancelled'
      | 'campaign.completed'
      | 'quota.warning'
      | 'quota.exceeded'
      | 'domain.verified'
      | 'domain.failed';
    status: 'pending';
  };
}

/** `POST /api/webhooks/{id}/replay`: Deliver the events of a time once more. */
export interface ReplayWebhook {
  /** Not before this. */
  from: string | Date;
  /** Before this; at most now. */
  to: string | Date;
  /** Of those that the endpoint gets; all of them where absent. 1 to 100 items. */
  types?: (
    | 'email.sent'
    | 'email.delivered'
    | 'email.opened'
    | 'email.clicked'
    | 'email.bounced'
    | 'email.complained'
    | 'email.unsubscribed'
    | 'email.failed'
    | 'campaign.started'
    | 'campaign.paused'
    | 'campaign.cancelled'
    | 'campaign.completed'
    | 'quota.warning'
    | 'quota.exceeded'
    | 'domain.verified'
    | 'domain.failed'
  )[];
}

/** Every operation of a business: what it takes and answers. */
export interface Operations {
  /** The users of the business, newest first. */
  'GET /api/users': { query: ListUsers; answer: { users: User[]; pagination: Pagination } };
  /** Make a user. */
  'POST /api/users': { body: CreateUser; answer: { user: User } };
  /** Invite somebody by mail. */
  'POST /api/users/invite': { body: InviteUser; answer: { invitation: Invitation } };
  /** The open invitations, newest first. */
  'GET /api/users/invitations': { query: ListInvitations; answer: { invitations: Invitation[]; pagination: Pagination } };
  /** Take an open invitation back. */
  'DELETE /api/users/invitations/{id}': { answer: Record<never, never> };
  /** A user. */
  'GET /api/users/{id}': { answer: { user: User } };
  /** Change a user, deactivate him or let him in again. */
  'PATCH /api/users/{id}': { body: UpdateUser; answer: { user: User } };
  /** Remove a user. */
  'DELETE /api/users/{id}': { answer: Record<never, never> };
  /** Make an API key. */
  'POST /api/business/api-keys': { body: CreateApiKey; answer: { apiKey: NewApiKey } };
  /** The API keys, newest first. */
  'GET /api/business/api-keys': { query: ListApiKeys; answer: { apiKeys: ApiKey[]; pagination: Pagination } };
  /** Replace an API key. */
  'POST /api/business/api-keys/{id}/rotate': { body: RotateApiKey; answer: { apiKey: NewApiKey } };
  /** Delete an API key. */
  'DELETE /api/business/api-keys/{id}': { answer: Record<never, never> };
  /** The domains that the business sends from. */
  'GET /api/business/domains': { answer: { domains: SendingDomain[] } };
  /** Add a domain to send from. */
  'POST /api/business/domains': { body: AddDomain; answer: { domain: SendingDomain } };
  /** A domain, its records and how far it is. */
  'GET /api/business/domains/{id}': { answer: { domain: SendingDomain } };
  /** Give a domain up. */
  'DELETE /api/business/domains/{id}': { query: DeleteDomain; answer: Record<never, never> };
  /** Look at once whether a domain is proven and verified. */
  'POST /api/business/domains/{id}/verify': { answer: { domain: SendingDomain } };
  /** How events come back from SES. */
  'GET /api/business/events-setup': { answer: { eventsSetup: EventsSetup } };
  /** Have events come back from SES. */
  'POST /api/business/events-setup': { answer: { eventsSetup: EventsSetup } };
  /** Name the topic and the configuration set that were made by hand. */
  'PUT /api/business/events-setup': { body: StoreEventsSetup; answer: { eventsSetup: EventsSetup } };
  /** Replace the inbound URL. */
  'POST /api/business/events-setup/rotate': { answer: { eventsSetup: EventsSetup } };
  /** The business. */
  'GET /api/business': { answer: { business: Business } };
  /** Change the name and the settings. */
  'PATCH /api/business': { body: UpdateBusiness; answer: { business: Business } };
  /** What became of what the business sent in a period. */
  'GET /api/business/stats': { query: BusinessStatsQuery; answer: { stats: BusinessStats } };
  /** What of the month and of today is used. */
  'GET /api/business/usage': { answer: { usage: Usage } };
  /** Connect an Amazon SES account. */
  'PUT /api/business/ses': { body: ConnectSes; answer: ConnectSesAnswer };
  /** Forget the SES credentials. */
  'DELETE /api/business/ses': { answer: Record<never, never> };
  /** Examine everything that sending depends on. */
  'POST /api/business/ses/check': { answer: CheckSesAnswer };
  /** Create a template. */
  'POST /api/templates': { body: CreateTemplate; answer: { template: Template } };
  /** List templates, newest first. */
  'GET /api/templates': { query: ListTemplates; answer: { templates: Template[]; pagination: Pagination } };
  /** Read a template. */
  'GET /api/templates/{id}': { answer: { template: Template } };
  /** Change a template. */
  'PATCH /api/templates/{id}': { body: UpdateTemplate; answer: { template: Template } };
  /** Delete a template. */
  'DELETE /api/templates/{id}': { answer: Record<never, never> };
  /** Show what a template makes of some variables. */
  'POST /api/templates/{id}/preview': { body: PreviewTemplate; answer: { preview: TemplatePreview } };
  /** Copy a template. */
  'POST /api/templates/{id}/duplicate': { body: DuplicateTemplate; answer: { template: Template } };
  /** Add recipients to a campaign that is not launched yet. */
  'POST /api/campaigns/{id}/recipients': { body: AddRecipients; answer: AddRecipientsAnswer };
  /** The recipients of a campaign. */
  'GET /api/campaigns/{id}/recipients': { query: ListRecipients; answer: { recipients: Recipient[]; pagination: Pagination } };
  /** The recipients of a campaign as a CSV file. */
  'GET /api/campaigns/{id}/recipients/export': { answer: string };
  /** Take a recipient out of a campaign that is not launched yet. */
  'DELETE /api/campaigns/{id}/recipients/{recipientId}': { answer: Record<never, never> };
  /** Create a campaign. */
  'POST /api/campaigns': { body: CreateCampaign; answer: { campaign: Campaign } };
  /** List campaigns, newest first. */
  'GET /api/campaigns': { query: ListCampaigns; answer: { campaigns: Campaign[]; pagination: Pagination } };
  /** Read a campaign. */
  'GET /api/campaigns/{id}': { answer: { campaign: Campaign } };
  /** Change a campaign. */
  'PATCH /api/campaigns/{id}': { body: UpdateCampaign; answer: { campaign: Campaign } };
  /** Delete a campaign that was never launched, or archive one that is over. */
  'DELETE /api/campaigns/{id}': { answer: Record<never, never> };
  /** Make a draft like this campaign, without its recipients. */
  'POST /api/campaigns/{id}/duplicate': { body: DuplicateCampaign; answer: { campaign: Campaign } };
  /** Read what became of a campaign’s recipients. */
  'GET /api/campaigns/{id}/stats': { query: CampaignStatsQuery; answer: { stats: CampaignStats } };
  /** Check what would happen if the campaign were sent now. */
  'POST /api/campaigns/{id}/preflight': { answer: { preflight: Preflight } };
  /** Send a campaign now. */
  'POST /api/campaigns/{id}/send': { answer: SendCampaignAnswer };
  /** Have a draft sent at a time. */
  'POST /api/campaigns/{id}/schedule': { body: ScheduleCampaign; answer: ScheduleCampaignAnswer };
  /** Make a scheduled campaign a draft again. */
  'POST /api/campaigns/{id}/unschedule': { answer: { campaign: Campaign } };
  /** Pause a running campaign. */
  'POST /api/campaigns/{id}/pause': { answer: { campaign: Campaign } };
  /** Let a paused campaign go on where it stopped. */
  'POST /api/campaigns/{id}/resume': { body: ResumeCampaign; answer: ResumeCampaignAnswer };
  /** End a campaign for good. */
  'POST /api/campaigns/{id}/cancel': { answer: { campaign: Campaign } };
  /** Send once more to those that failed, or of whom nobody knows. */
  'POST /api/campaigns/{id}/retry': { body: RetryCampaign; answer: RetryCampaignAnswer };
  /** Send the campaign, as it is, to up to ten people. */
  'POST /api/campaigns/{id}/test': { body: TestCampaign; answer: TestCampaignAnswer };
  /** Send a message to one or a few people. */
  'POST /api/emails': { body: NewEmail; answer: { email: EmailSummary } };
  /** The messages that were sent one by one, newest first. */
  'GET /api/emails': { query: ListEmails; answer: { emails: EmailSummary[]; pagination: Pagination } };
  /** Send up to a hundred messages. */
  'POST /api/emails/batch': { body: SendEmails; answer: { emails: BatchResult[] } };
  /** A message, what is in it, and what became of it. */
  'GET /api/emails/{id}': { answer: { email: EmailMessage } };
  /** Keep a message from being sent. */
  'POST /api/emails/{id}/cancel': { answer: { email: EmailSummary } };
  /** Send a message again to those whom it failed to reach, or of whom nobody knows. */
  'POST /api/emails/{id}/retry': { answer: { email: EmailSummary } };
  /** The addresses that get no mail, newest first. */
  'GET /api/suppressions': { query: ListSuppressions; answer: { suppressions: Suppression[]; pagination: Pagination } };
  /** Write to an address no more. */
  'POST /api/suppressions': { body: AddSuppression; answer: { suppression: Suppression } };
  /** Put many addresses on the list. */
  'POST /api/suppressions/import': { query: ImportSuppressionsQuery; body: ImportSuppressions; answer: ImportSuppressionsAnswer };
  /** Take an address off the list, or one of its reasons. */
  'DELETE /api/suppressions/{id}': { query: RemoveSuppression; answer: { sesList: SesSuppressionList } };
  /** The log of what happened, newest first. */
  'GET /api/events': { query: ListEvents; answer: { events: Event[]; pagination: Pagination } };
  /** The endpoints for events, newest first. */
  'GET /api/webhooks': { query: ListWebhooks; answer: { webhooks: Webhook[]; pagination: Pagination } };
  /** Have events posted to a URL. */
  'POST /api/webhooks': { body: CreateWebhook; answer: { webhook: NewWebhook } };
  /** An endpoint, and how it fares. */
  'GET /api/webhooks/{id}': { answer: { webhook: Webhook } };
  /** Change an endpoint. */
  'PATCH /api/webhooks/{id}': { body: UpdateWebhook; answer: { webhook: Webhook } };
  /** Delete an endpoint. */
  'DELETE /api/webhooks/{id}': { answer: Record<never, never> };
  /** Replace the secret of an endpoint. */
  'POST /api/webhooks/{id}/rotate-secret': { body: RotateWebhookSecret; answer: { webhook: NewWebhook } };
  /** Send a test event. */
  'POST /api/webhooks/{id}/test': { answer: { attempt: WebhookAttempt } };
  /** The calls of an endpoint, newest first. */
  'GET /api/webhooks/{id}/attempts': { query: ListWebhookAttempts; answer: { attempts: WebhookAttempt[]; pagination: Pagination } };
  /** Deliver an event once more. */
  'POST /api/webhooks/{id}/attempts/{attemptId}/redeliver': { answer: RedeliverWebhookAnswer };
  /** Deliver the events of a time once more. */
  'POST /api/webhooks/{id}/replay': { body: ReplayWebhook; answer: { webhook: Webhook } };
}

/** The operations that are done once for each `Idempotency-Key`, however often they are asked for. */
export const KEYED: ReadonlySet<string> = new Set<keyof Operations>([
  'POST /api/users',
  'POST /api/users/invite',
  'POST /api/business/api-keys',
  'POST /api/business/api-keys/{id}/rotate',
  'POST /api/business/domains',
  'POST /api/business/events-setup',
  'POST /api/business/events-setup/rotate',
  'POST /api/templates',
  'POST /api/templates/{id}/duplicate',
  'POST /api/campaigns/{id}/recipients',
  'POST /api/campaigns',
  'POST /api/campaigns/{id}/duplicate',
  'POST /api/campaigns/{id}/send',
  'POST /api/campaigns/{id}/schedule',
  'POST /api/campaigns/{id}/unschedule',
  'POST /api/campaigns/{id}/pause',
  'POST /api/campaigns/{id}/resume',
  'POST /api/campaigns/{id}/cancel',
  'POST /api/campaigns/{id}/retry',
  'POST /api/campaigns/{id}/test',
  'POST /api/emails',
  'POST /api/emails/batch',
  'POST /api/emails/{id}/cancel',
  'POST /api/emails/{id}/retry',
  'POST /api/suppressions',
  'POST /api/suppressions/import',
  'POST /api/webhooks',
  'POST /api/webhooks/{id}/rotate-secret',
  'POST /api/webhooks/{id}/test',
  'POST /api/webhooks/{id}/attempts/{attemptId}/redeliver',
  'POST /api/webhooks/{id}/replay',
]);

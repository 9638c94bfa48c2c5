import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { outboxSchema } from './event.js';
import { MESSAGE_STREAMS } from './message.js';

/** Where a delivery is now. `sending/states.ts` says which moves there are. */
export const DELIVERY_STATUSES = [
  'pending',
  'sending',
  'sent',
  'delivered',
  'failed',
  'suppressed',
  'bounced',
  'complained',
  'unconfirmed',
  'cancelled',
] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** `dueAt` of what may be claimed at once: not "now", for the clocks of machines differ. */
export const AT_ONCE = new Date(0);

/** Deliveries are spread over so many buckets, so that workers do not all claim at the head of one index. */
export const BUCKETS = 32;

/** The bucket of a delivery that comes alone: by the last byte of its id, which is chance. */
export const bucketOf = (id: Types.ObjectId) => (id.id[11] ?? 0) % BUCKETS;

/** The index of those that nobody knows of. */
export const IN_DOUBT = { status: 1 } as const;

/** The index of what a business sent, by its time. */
export const BY_SENT_AT = { business: 1, sentAt: 1 } as const;

/** The index of what test keys only seem to send. */
export const TESTS_BY_SENT_AT = { business: 1, sentAt: 1, isTest: 1 } as const;

/** The index of messages that wait. */
export const LINE = { stream: 1, isTest: 1, business: 1, dueAt: 1, _id: 1 } as const;

/** What counts against the sender's reputation. */
export const HARMS = ['bounced', 'complained'] as const;

/** The ledger: one message to one address, of a campaign or outside any. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    campaign: { type: Schema.Types.ObjectId, ref: 'EmailCampaign' },
    message: { type: Schema.Types.ObjectId, ref: 'Message' },
    /** Of a message: the line it waits in, and the time after which it is not sent any more. */
    stream: { type: String, enum: MESSAGE_STREAMS },
    isTest: { type: Boolean },
    fromDomain: { type: String },
    sendBefore: { type: Date },
    /** The bytes of its message's files, and the characters of its text and HTML. */
    size: { type: Number },
    email: { type: String, required: true },
    name: { type: String },
    variables: { type: Schema.Types.Mixed },
    status: { type: String, enum: DELIVERY_STATUSES, required: true, default: 'pending' },
    bucket: { type: Number, required: true },
    /** A pending delivery is not claimed before this time. */
    dueAt: { type: Date, required: true },
    /**
     * The attempt that holds or held it: `token` stays after the outcome and names the quota reservation it used, `period`
     * the month that paid for it.
     */
    claim: {
      type: new Schema(
        { token: { type: Schema.Types.ObjectId }, until: { type: Date }, period: { type: String } },
        { _id: false },
      ),
    },
    /** Calls of SES that may have reached it. Tags each message, so it is never counted back once SES was asked. */
    attempts: { type: Number, required: true, default: 0 },
    /** How many of the attempts were before a person asked for another try. */
    attemptsBefore: { type: Number },
    /** The months that paid for earlier attempts, which may have been sent. */
    pastPeriods: { type: [String], default: undefined },
    /** SES's id of the message, without which an event could not be told apart. */
    messageId: { type: String },
    error: { type: new Schema({ code: { type: String }, message: { type: String } }, { _id: false }) },
    sentAt: { type: Date },
    deliveredAt: { type: Date },
    bouncedAt: { type: Date },
    complainedAt: { type: Date },
    failedAt: { type: Date },
    unconfirmedAt: { type: Date },
    unsubscribedAt: { type: Date },
    /** A person opened it, and followed one of its links; a machine did: a mail program's proxy, a scanner. */
    openedAt: { type: Date },
    clickedAt: { type: Date },
    machineOpenedAt: { type: Date },
    machineClickedAt: { type: Date },
    /** The links that a person followed, each once: places in `frozen.links`. */
    links: { type: [Number], default: undefined },
    /** The clicks of the last seconds, by which a scanner that follows every link is known. */
    recentClicks: {
      type: [
        new Schema(
          { link: { type: Number }, at: { type: Date }, isFirst: { type: Boolean }, isMachine: { type: Boolean } },
          { _id: false },
        ),
      ],
      default: undefined,
    },
    /** A bounce or complaint that counts against the sender's reputation, and when the hub learnt of it. */
    harm: { type: String, enum: HARMS },
    harmedAt: { type: Date },
    /** What is still to be told of it, where no batch tells it (`sending/upkeep/outbox.ts`). */
    outbox: { type: [outboxSchema], default: undefined },
    createdAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// One row an address in a campaign: what makes a second import, or a second copy of a line, harmless.
schema.index({ campaign: 1, email: 1 }, { unique: true, partialFilterExpression: { campaign: { $type: 'objectId' } } });
// What a claim looks for, what is still open, and the pages of a status.
schema.index({ campaign: 1, status: 1, bucket: 1, dueAt: 1, _id: 1 });
// What an attempt took, read back after a lost race and when its reservation is settled.
schema.index({ 'claim.token': 1 }, { partialFilterExpression: { 'claim.token': { $exists: true } } });
// What a line of messages has to send, the oldest first, and which businesses have any.
schema.index(LINE, { partialFilterExpression: { status: 'pending', stream: { $exists: true } } });
// Messages whose time is over.
schema.index({ sendBefore: 1 }, { partialFilterExpression: { status: 'pending', stream: { $exists: true } } });
// Single messages to an address.
schema.index({ business: 1, email: 1, message: -1 }, { partialFilterExpression: { message: { $type: 'objectId' } } });
// What is still to be told.
schema.index({ 'outbox._id': 1 }, { partialFilterExpression: { 'outbox._id': { $exists: true } } });
// The deliveries of a message, and what of them is still open.
schema.index({ message: 1, status: 1 }, { partialFilterExpression: { message: { $type: 'objectId' } } });
// What of the month messages used, when it is held against the ledger.
schema.index({ business: 1, 'claim.period': 1 }, { partialFilterExpression: { message: { $type: 'objectId' } } });
schema.index(
  { business: 1, pastPeriods: 1 },
  { partialFilterExpression: { message: { $type: 'objectId' }, pastPeriods: { $exists: true } } },
);
// The delivery an event of SES is about, where it does not carry the hub's own tags.
schema.index({ business: 1, messageId: 1 }, { partialFilterExpression: { messageId: { $exists: true } } });
// What a business sent over a time, and what came of it that counts against it: the reputation guard's.
schema.index(BY_SENT_AT, { partialFilterExpression: { sentAt: { $exists: true } } });
schema.index(TESTS_BY_SENT_AT, { partialFilterExpression: { isTest: true } });
schema.index(
  { business: 1, harmedAt: 1, harm: 1, campaign: 1 },
  { partialFilterExpression: { harmedAt: { $exists: true } } },
);
// How many are in doubt, over all businesses: counted in the index alone.
schema.index(IN_DOUBT, { partialFilterExpression: { status: 'unconfirmed' } });
// The sweeper's: claims whose lease has run out.
schema.index({ 'claim.until': 1 }, { partialFilterExpression: { status: 'sending' } });

export type Delivery = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const DeliveryModel = model<Delivery>('Delivery', schema);

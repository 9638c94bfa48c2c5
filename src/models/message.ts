import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/**
 * What a message outside any campaign is for. `test`: a campaign as it would look, sent to its authors. `transactional`:
 * what a person asked for, by ordering or signing up. `broadcast`: bulk mail that a sibling project sends one by one.
 */
export const MESSAGE_STREAMS = ['test', 'transactional', 'broadcast'] as const;

export type MessageStream = (typeof MESSAGE_STREAMS)[number];

/** The streams of `/api/emails`. */
export const EMAIL_STREAMS = ['transactional', 'broadcast'] as const satisfies readonly MessageStream[];

/** As its header shows it. */
export const mailboxSchema = new Schema(
  { email: { type: String, required: true }, name: { type: String } },
  { _id: false },
);

const mailboxes = { type: [mailboxSchema], required: true, default: [] };

/**
 * What goes to a few addresses outside any campaign, one delivery each: who it is from and to, and what it is about. What is
 * in it is kept beside it (`MessageContent`), and not as long.
 */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    stream: { type: String, enum: MESSAGE_STREAMS, required: true },
    /** A test key's: everything is as if it were sent, and SES never hears of it. */
    isTest: { type: Boolean, required: true, default: false },
    /** The campaign a test shows. */
    campaign: { type: Schema.Types.ObjectId, ref: 'EmailCampaign' },
    template: { type: Schema.Types.ObjectId, ref: 'EmailTemplate' },
    from: { type: mailboxSchema, required: true },
    replyTo: { type: mailboxSchema },
    to: mailboxes,
    cc: mailboxes,
    bcc: mailboxes,
    subject: { type: String, required: true },
    /** The sender's own names for it, which its events carry. */
    tags: { type: [new Schema({ name: String, value: String }, { _id: false })], default: [] },
    scheduledFor: { type: Date },
    /** What could not be sent by then fails. */
    expiresAt: { type: Date, required: true },
    createdBy: { type: Schema.Types.ObjectId, required: true },
    createdAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// The pages of a business's messages, and of those with one tag.
schema.index({ business: 1, stream: 1, _id: -1 });
// The pages of a test key, which may have few among very many of the others.
schema.index({ business: 1, stream: 1, isTest: 1, _id: -1 }, { partialFilterExpression: { isTest: true } });
schema.index(
  { business: 1, 'tags.name': 1, 'tags.value': 1, _id: -1 },
  { partialFilterExpression: { 'tags.name': { $exists: true } } },
);

export type Message = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const MessageModel = model<Message>('Message', schema);

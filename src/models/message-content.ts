import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { frozenSchema } from './frozen.js';
import { mailboxSchema } from './message.js';

/** A file that goes with a message. */
const fileSchema = new Schema(
  {
    filename: { type: String, required: true },
    contentType: { type: String, required: true },
    /** Of a picture that the HTML shows (`cid:`, RFC 2392). */
    contentId: { type: String },
    size: { type: Number, required: true },
    content: { type: Buffer, required: true },
  },
  { _id: false },
);

/** What is in a message, by the message's id: made once, when it was accepted, and never changed after it. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    frozen: { type: frozenSchema, required: true },
    /** What its header says; where absent, each delivery is addressed to its own recipient alone. */
    letter: {
      type: new Schema(
        {
          to: { type: [mailboxSchema], required: true },
          cc: { type: [mailboxSchema], required: true },
          replyTo: { type: mailboxSchema },
          headers: { type: [new Schema({ name: String, value: String }, { _id: false })], required: true },
        },
        { _id: false },
      ),
    },
    files: { type: [fileSchema], default: undefined },
    /** The bytes of its files. */
    filesSize: { type: Number, required: true, default: 0 },
    expiresAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type MessageContent = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const MessageContentModel = model<MessageContent>('MessageContent', schema);

import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { KEY_PERMISSIONS } from '../permissions.js';

export const KEY_MODES = ['live', 'test'] as const;

/** A key that was rotated: it works until then. */
export interface Predecessor {
  hash: string;
  prefix: string;
  until: Date;
}

const predecessor = new Schema(
  {
    hash: { type: String, required: true },
    prefix: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { _id: false },
);

const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    name: { type: String, required: true },
    mode: { type: String, enum: KEY_MODES, required: true },
    /** SHA-256 of the key in hex: 160 random bits need no salt and no slow hash. */
    hash: { type: String, required: true, unique: true },
    /** The first characters, for a person to tell keys apart. */
    prefix: { type: String, required: true },
    permissions: { type: [{ type: String, enum: KEY_PERMISSIONS }], required: true },
    /** The keys that it came after and that still work, the latest first. */
    predecessors: { type: [predecessor], default: undefined },
    /** The attempt that put this key in the place of the one before. */
    rotation: { type: Schema.Types.ObjectId },
    /** It ends by itself, and so do its predecessors. */
    expiresAt: { type: Date },
    createdBy: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    lastUsed: { type: Date },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, _id: 1 });
schema.index({ 'predecessors.hash': 1 }, { partialFilterExpression: { 'predecessors.hash': { $exists: true } } });

export type ApiKey = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const ApiKeyModel = model<ApiKey>('ApiKey', schema);

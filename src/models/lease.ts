import { type InferRawDocTypeFromSchema, model, Schema } from 'mongoose';

/** Work that one process at a time may do, e.g. `sweeper`. In MongoDB, because Redis may be emptied. */
const schema = new Schema(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// What a dead process left is cleared away.
schema.index({ until: 1 }, { expireAfterSeconds: 86_400 });

export type Lease = InferRawDocTypeFromSchema<typeof schema>;
export const LeaseModel = model<Lease>('Lease', schema);

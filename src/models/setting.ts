import { type InferRawDocTypeFromSchema, model, Schema } from 'mongoose';

/** What the installation as a whole keeps, by name, e.g. `encryption-canary`. */
const schema = new Schema(
  { _id: { type: String, required: true }, value: { type: Schema.Types.Mixed, required: true } },
  { strict: 'throw', versionKey: false },
);

export type Setting = InferRawDocTypeFromSchema<typeof schema>;
export const SettingModel = model<Setting>('Setting', schema);

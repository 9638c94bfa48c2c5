import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

const part = { _id: false } as const;
const numbers = Schema.Types.Mixed as unknown as { new (): Record<string, number> };

/**
 * All that is told of a campaign, as the ledger was read at `asOf`. Beside the campaign and not in it: with its hours it is
 * large, and the engine reads its campaigns often.
 */
const schema = new Schema(
  {
    /** The campaign's. */
    _id: { type: Schema.Types.ObjectId, required: true },
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    asOf: { type: Date, required: true },
    /** What the reading took, in ms. */
    tookMs: { type: Number, required: true },
    total: { type: Number, required: true },
    states: { type: numbers, required: true },
    stats: { type: numbers, required: true },
    /** What happened within the hour that begins at `at` (UTC), by its name; hours without anything are left out. */
    hours: { type: [new Schema({ at: { type: Date, required: true }, happened: { type: numbers } }, part)] },
    /** The recipients that followed a link, by the link's template; the most followed first. */
    links: { type: [new Schema({ url: { type: String }, clicks: { type: Number } }, part)] },
    /** The bounced by why, the most frequent first. */
    bounces: {
      type: [
        new Schema(
          {
            code: { type: String },
            /** RFC 3463's enhanced status code, where the receiver named one. */
            status: { type: String },
            count: { type: Number },
            /** What one of the receivers said. */
            example: { type: String },
          },
          part,
        ),
      ],
    },
  },
  { strict: 'throw', versionKey: false },
);

export type CampaignReport = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const CampaignReportModel = model<CampaignReport>('CampaignReport', schema);

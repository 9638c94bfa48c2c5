import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

export const TEMPLATE_CATEGORIES = ['marketing', 'transactional', 'newsletter', 'announcement', 'other'] as const;

/** A variable the content uses, as a template and a frozen campaign both keep it. */
export const variableSchema = new Schema(
  {
    name: { type: String, required: true },
    description: { type: String },
    defaultValue: { type: String },
    required: { type: Boolean, required: true, default: false },
  },
  { _id: false },
);

const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    name: { type: String, required: true },
    description: { type: String },
    subject: { type: String, required: true },
    content: { html: { type: String }, text: { type: String } },
    variables: { type: [variableSchema], default: [] },
    category: { type: String, enum: TEMPLATE_CATEGORIES, required: true, default: 'other' },
    tags: { type: [String], default: [] },
    thumbnail: { type: String },
    isActive: { type: Boolean, required: true, default: true },
    usageCount: { type: Number, required: true, default: 0 },
    lastUsed: { type: Date },
    createdBy: { type: Schema.Types.ObjectId, required: true },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, _id: -1 });

export type EmailTemplate = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId; __v: number };
export const EmailTemplateModel = model<EmailTemplate>('EmailTemplate', schema);

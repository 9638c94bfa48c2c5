import { z } from 'zod';
import { type EmailTemplate, TEMPLATE_CATEGORIES } from '../models/email-template.js';
import { isReservedKey, line, searchText, VariablesSchema } from './common.js';
import { ById, Id, operation, PageQuery, Pagination } from './operation.js';

const PART_MAX = 512 * 1024;
const part = z.string().max(PART_MAX, `must have at most ${PART_MAX} characters`);

/** What `{{ … }}` can name without quotes, and nothing that reaches an object's prototype. */
const VariableName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'must be letters, digits, _ and -, and not begin with a digit')
  .refine((name) => !isReservedKey(name), 'is reserved')
  .meta({ example: 'firstName' });

const Variable = z
  .strictObject({
    name: VariableName,
    description: z.string().trim().max(500).optional().meta({ example: 'How he is addressed' }),
    defaultValue: z
      .string()
      .max(2_000)
      .optional()
      .meta({ description: 'Stands in where a recipient has no value', example: 'friend' }),
    required: z.boolean().default(false),
  })
  .meta({ id: 'TemplateVariable' });

const Variables = z
  .array(Variable)
  .max(50)
  .superRefine((variables, ctx) => {
    variables.forEach(({ name }, index) => {
      if (variables.findIndex((other) => other.name === name) === index) return;
      ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `is there twice: ${name}` });
    });
  });

const Content = z
  .strictObject({
    html: part.nullable().optional(),
    text: part.nullable().optional().meta({ description: 'Derived from the HTML where absent' }),
  })
  .meta({ id: 'TemplateContent', example: { html: '<p>Hello {{ name }}</p>' } });

const fields = {
  name: line(200).meta({ example: 'Order confirmation' }),
  description: z.string().trim().max(2_000).meta({ example: 'For who has just ordered' }),
  subject: line(500).meta({ example: 'Hello {{ name }}' }),
  content: Content,
  variables: Variables,
  category: z.enum(TEMPLATE_CATEGORIES),
  tags: z
    .array(line(50))
    .max(20)
    .meta({ example: ['orders'] }),
  thumbnail: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .max(2_000)
    .meta({ example: 'https://example.com/order.png' }),
  isActive: z.boolean(),
};

const { description, thumbnail, ...kept } = fields;

const TemplateChange = z.strictObject({
  ...z.object(kept).partial().shape,
  description: description.nullable().optional(),
  thumbnail: thumbnail.nullable().optional(),
});

export const Template = z
  .object({
    id: Id,
    name: z.string(),
    description: z.string().nullable(),
    subject: z.string(),
    content: z.object({ html: z.string().nullable(), text: z.string().nullable() }),
    variables: z.array(
      z.object({
        name: z.string(),
        description: z.string().nullable(),
        defaultValue: z.string().nullable(),
        required: z.boolean(),
      }),
    ),
    category: z.enum(TEMPLATE_CATEGORIES),
    tags: z.array(z.string()),
    thumbnail: z.string().nullable(),
    isActive: z.boolean(),
    usageCount: z.int().meta({ description: 'Campaigns launched with it' }),
    lastUsed: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Template' });

const LIQUID =
  'Liquid: `{{ name }}`, filters such as `{{ price | round: 2 }}`, conditions and loops. Variables are escaped in the HTML. `email` and `unsubscribe_url` are always there, `name` where the recipient has one.';

export const CreateTemplate = operation({
  summary: 'Create a template',
  description: `${LIQUID} At least one of html and text. One that does not parse is a 422 with line and column.`,
  body: z.strictObject({
    name: fields.name,
    description: fields.description.optional(),
    subject: fields.subject,
    content: Content,
    variables: Variables.default([]),
    category: fields.category.default('other'),
    tags: fields.tags.default([]),
    thumbnail: fields.thumbnail.optional(),
    isActive: fields.isActive.default(true),
  }),
  bodyLimit: '2mb',
  status: 201,
  idempotent: true,
  answer: { template: Template },
});

export const ListTemplates = operation({
  summary: 'List templates, newest first',
  query: PageQuery.extend({
    category: z.enum(TEMPLATE_CATEGORIES).optional(),
    search: searchText(200).optional().meta({ description: 'How the name begins' }),
  }),
  answer: { templates: z.array(Template), pagination: Pagination },
});

export const GetTemplate = operation({ summary: 'Read a template', params: ById, answer: { template: Template } });

export const UpdateTemplate = operation({
  summary: 'Change a template',
  description: 'The fields given; `null` takes one away. Campaigns that were launched with it stay as they are.',
  params: ById,
  body: TemplateChange,
  bodyLimit: '2mb',
  answer: { template: Template },
});

export const DeleteTemplate = operation({
  summary: 'Delete a template',
  description: 'Campaigns that were launched with it keep their content.',
  params: ById,
  answer: {},
});

export const DuplicateTemplate = operation({
  summary: 'Copy a template',
  params: ById,
  body: z.strictObject({ name: fields.name.optional().meta({ description: '"Copy of …" where absent' }) }),
  status: 201,
  idempotent: true,
  answer: { template: Template },
});

export const Preview = z
  .object({
    subject: z.string(),
    html: z.string().nullable(),
    text: z.string(),
    missing: z
      .array(z.object({ name: z.string(), required: z.boolean() }))
      .meta({ description: 'Variables without a value and without a default' }),
  })
  .meta({ id: 'TemplatePreview' });

export const PreviewTemplate = operation({
  summary: 'Show what a template makes of some variables',
  params: ById,
  body: z.strictObject({ variables: VariablesSchema.default({}) }),
  answer: { preview: Preview },
});

/** A template for its reader. */
export function presentTemplate(template: EmailTemplate): z.output<typeof Template> {
  const { content } = template;
  return {
    id: template._id.toHexString(),
    name: template.name,
    description: template.description ?? null,
    subject: template.subject,
    content: { html: content?.html ?? null, text: content?.text ?? null },
    variables: template.variables.map((variable) => ({
      name: variable.name,
      description: variable.description ?? null,
      defaultValue: variable.defaultValue ?? null,
      required: variable.required,
    })),
    category: template.category,
    tags: template.tags,
    thumbnail: template.thumbnail ?? null,
    isActive: template.isActive,
    usageCount: template.usageCount,
    lastUsed: template.lastUsed?.toISOString() ?? null,
    createdAt: template.createdAt.toISOString(),
    updatedAt: template.updatedAt.toISOString(),
  };
}

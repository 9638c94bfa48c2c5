import { Schema } from 'mongoose';
import { variableSchema } from './email-template.js';

/** Stands in a finished text for each recipient's own way out. */
export const WAY_OUT = 'https://unsubscribe.pmh.invalid/';

/** A finished text for a reader: where each recipient's own way out will stand, its variable does. */
export const withNamedWayOut = (text: string) =>
  text.replaceAll(WAY_OUT, '{{ unsubscribe_url }}').replaceAll(encodeURIComponent(WAY_OUT), '{{ unsubscribe_url }}');

/** What is sent to everybody: made once, when a campaign is launched or a message accepted, and never changed after it. */
export const frozenSchema = new Schema(
  {
    /** Subject, HTML and text are as they will be sent, and no templates any more, but for `WAY_OUT`. */
    isFinal: { type: Boolean },
    subject: { type: String, required: true },
    html: { type: String },
    text: { type: String, required: true },
    variables: { type: [variableSchema], default: [] },
    fromEmail: { type: String, required: true },
    fromName: { type: String },
    replyTo: { type: String },
    /** What is tracked of it; nothing where it is absent. */
    tracking: {
      type: new Schema(
        { opens: { type: Boolean, required: true }, clicks: { type: Boolean, required: true } },
        { _id: false },
      ),
    },
    /** The targets of its tracked links as templates, by the number that stands in `html`. */
    links: { type: [String], default: undefined },
    /** The host of its links to the hub, where the business has one of its own. */
    linkDomain: { type: String },
  },
  { _id: false },
);

/** As it is read from a campaign or a message. */
export interface Frozen {
  readonly isFinal?: boolean | null | undefined;
  readonly subject: string;
  readonly html?: string | null | undefined;
  readonly text: string;
  readonly variables: readonly {
    name: string;
    defaultValue?: string | null | undefined;
    required?: boolean | null | undefined;
  }[];
  readonly fromEmail: string;
  readonly fromName?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly tracking?: { opens: boolean; clicks: boolean } | null | undefined;
  readonly links?: readonly string[] | null | undefined;
  readonly linkDomain?: string | null | undefined;
}

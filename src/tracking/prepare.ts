import { invalid } from '../errors.js';
import type { Compiled } from '../templates/source.js';
import { htmlFooter, type Imprint, isShown, textFooter } from './html/footer.js';
import { rewrite } from './html/rewrite.js';

const UNCLOSED =
  'ends in a comment or an element that is never closed: the unsubscribe link behind it would not be shown';

/** What is tracked of a campaign. */
export interface Tracking {
  opens: boolean;
  clicks: boolean;
}

/** A campaign's content as it is frozen, to be compiled anew. */
export interface Prepared {
  html?: string;
  text: string;
  /** The targets of its tracked links as templates; undefined where no clicks are tracked. */
  links?: string[];
}

/**
 * Makes of a template what a campaign sends: with an unsubscribe link and the sender's address, and what is tracked. The
 * links of the text part are left as they are: there a reader sees where they lead.
 * @throws AppError `validation_failed` where what has to stand at the end would not be shown.
 */
export function prepare({ source, parsed }: Compiled, tracking: Tracking, imprint: Imprint): Prepared {
  const text = source.text + textFooter(source.text, parsed.text, imprint);
  if (source.html === undefined || !parsed.html) return { text };
  const footer = htmlFooter(source.html, parsed.html, imprint);
  const { html, links, end } = rewrite({
    html: source.html,
    parsed: parsed.html,
    tracksClicks: tracking.clicks,
    tracksOpens: tracking.opens,
    footer,
  });
  if (footer && !isShown(source.html, footer, end)) throw invalid([{ path: 'content.html', message: UNCLOSED }]);
  return { html, text, ...(tracking.clicks ? { links } : {}) };
}

import type { Compiled } from '../templates/source.js';
import { htmlFooter, type Imprint, textFooter } from './html/footer.js';
import { rewrite } from './html/rewrite.js';

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
 */
export function prepare({ source, parsed }: Compiled, tracking: Tracking, imprint: Imprint): Prepared {
  const text = source.text + textFooter(source.text, parsed.text, imprint);
  if (source.html === undefined || !parsed.html) return { text };
  const { html, links } = rewrite({
    html: source.html,
    parsed: parsed.html,
    tracksClicks: tracking.clicks,
    tracksOpens: tracking.opens,
    footer: htmlFooter(source.html, parsed.html, imprint),
  });
  return { html, text, ...(tracking.clicks ? { links } : {}) };
}

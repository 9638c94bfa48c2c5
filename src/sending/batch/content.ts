import { LRUCache } from 'lru-cache';
import type { Delivery } from '../../models/delivery.js';
import { compile } from '../../templates/compile.js';
import { render } from '../../templates/render.js';
import type { Compiled } from '../../templates/source.js';
import { clickUrl, openUrl, signClick, signOpen, signUnsubscribe, unsubscribeUrl } from '../../tracking/tokens.js';
import { compose } from './compose.js';
import type { Mailing } from './source.js';
import { valuesFor } from './values.js';

/** Frozen content never changes, so it is parsed once a process. */
const compiled = new LRUCache<string, Compiled>({ max: 100 });

/**
 * Makes the message of one delivery from the frozen content.
 * @throws RenderError when the content fails with this recipient's variables.
 */
export function messageFor({ _id, business, frozen }: Mailing, delivery: Delivery): Buffer {
  const id = _id.toHexString();
  let content = compiled.get(id);
  if (!content) {
    const { subject, html, text } = frozen;
    content = compile({ subject, html: html ?? undefined, text }, frozen.variables);
    compiled.set(id, content);
  }
  const link = { businessId: business, deliveryId: delivery._id };
  const domain = frozen.linkDomain ?? undefined;
  const unsubscribe = unsubscribeUrl(signUnsubscribe({ ...link, email: delivery.email }), domain);
  const { subject, html, text } = render(
    content,
    valuesFor(delivery, unsubscribe, {
      open: frozen.tracking?.opens ? openUrl(signOpen(link), domain) : undefined,
      links: frozen.links?.map((_target, number) => clickUrl(signClick({ ...link, number }), domain)),
    }),
  );
  return compose({
    from: { name: frozen.fromName ?? undefined, address: frozen.fromEmail },
    to: { name: delivery.name ?? undefined, address: delivery.email },
    replyTo: frozen.replyTo ?? undefined,
    subject,
    html,
    text,
    // RFC 8058: one click of the mail program, without a page, a cookie or a login.
    headers: { 'List-Unsubscribe': `<${unsubscribe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
  });
}

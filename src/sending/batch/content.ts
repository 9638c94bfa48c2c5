import { LRUCache } from 'lru-cache';
import type { Delivery } from '../../models/delivery.js';
import type { EmailCampaign } from '../../models/email-campaign.js';
import { compile } from '../../templates/compile.js';
import { render } from '../../templates/render.js';
import type { Compiled } from '../../templates/source.js';
import { signUnsubscribe, unsubscribeUrl } from '../../tracking/tokens.js';
import { compose } from './compose.js';

/** A campaign's frozen content never changes, so it is parsed once a process. */
const compiled = new LRUCache<string, Compiled>({ max: 100 });

/**
 * Makes the message of one delivery from the campaign's frozen content.
 * @throws RenderError when the content fails with this recipient's variables.
 */
export function messageFor(campaign: EmailCampaign, delivery: Delivery): Buffer {
  const { frozen } = campaign;
  if (!frozen) throw new Error(`Campaign ${campaign._id} was launched without content`);
  const id = campaign._id.toHexString();
  let content = compiled.get(id);
  if (!content) {
    const { subject, html, text } = frozen;
    content = compile({ subject, html: html ?? undefined, text }, frozen.variables);
    compiled.set(id, content);
  }
  const unsubscribe = unsubscribeUrl(
    signUnsubscribe({ businessId: campaign.business, deliveryId: delivery._id, email: delivery.email }),
  );
  const { subject, html, text } = render(content, {
    ...delivery.variables,
    name: delivery.name ?? delivery.variables?.name,
    email: delivery.email,
    unsubscribe_url: unsubscribe,
  });
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

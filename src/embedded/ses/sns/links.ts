import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { SesError } from '../errors.js';
import { answer } from '../http.js';
import { element, errorXml, successXml } from '../query-protocol.js';
import { notFound } from './errors.js';
import type { Sns } from './service.js';

/** The links in notifications, which anybody may open: nobody signs these requests. */
const LINKS: Readonly<Record<string, (sns: Sns, query: URLSearchParams) => string>> = {
  ConfirmSubscription: (sns, query) => {
    const subscription = sns.topics.confirm(query.get('TopicArn') ?? '', query.get('Token') ?? '', false);
    return element('SubscriptionArn', subscription.arn);
  },
  Unsubscribe: (sns, query) => {
    const subscription = sns.topics.findSubscription(query.get('SubscriptionArn') ?? '');
    if (!subscription) throw notFound('Subscription');
    if (subscription.needsAuthentication) {
      throw new SesError('AuthorizationError', 'Unsubscribing this subscription needs authentication.', 403);
    }
    sns.unsubscribeByLink(subscription);
    return '';
  },
};

/** Answers a GET of the certificate or of a link; false for any other path. */
export async function answerLink(sns: Sns, url: string, response: ServerResponse): Promise<boolean> {
  const { pathname, searchParams } = new URL(url, 'http://local');
  if (pathname === sns.signer.certificatePath) {
    answer(response, 200, 'application/x-pem-file', await sns.signer.certificate());
    return true;
  }
  const action = searchParams.get('Action') ?? '';
  const open = pathname === '/' && Object.hasOwn(LINKS, action) ? LINKS[action] : undefined;
  if (!open) return false;
  const requestId = randomUUID();
  try {
    answer(response, 200, 'text/xml', successXml(action, open(sns, searchParams), requestId, 'sns'), requestId);
  } catch (error) {
    if (!(error instanceof SesError)) throw error;
    answer(response, error.status, 'text/xml', errorXml(error, requestId, 'sns'), requestId);
  }
  return true;
}

import { z } from 'zod';
import { operation } from './operation.js';

const ByToken = z.strictObject({ token: z.string().meta({ description: 'Signed: it names business and address' }) });

export const ShowUnsubscribe = operation({
  summary: 'Show the unsubscribe page',
  description: 'An HTML page. It changes nothing, for mail programs and scanners open links by themselves.',
  params: ByToken,
  answersWith: 'text/html',
  answer: {},
});

export const Unsubscribe = operation({
  summary: 'Unsubscribe by one click (RFC 8058)',
  description:
    'The token is what counts: the body may be urlencoded, multipart or empty. Any number of times; never a redirect. With the form field `action=resubscribe` it takes the unsubscription back. Answers an HTML page.',
  params: ByToken,
  answersWith: 'text/html',
  answer: {},
});

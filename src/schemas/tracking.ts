import { z } from 'zod';
import { operation } from './operation.js';

const ByToken = z.strictObject({ token: z.string().meta({ description: 'Signed: it names business and message' }) });

export const Open = operation({
  summary: 'The pixel of a message',
  description:
    'A transparent GIF of one pixel, never kept by a cache. A GET counts as an open of the message, a HEAD does not. A bad token is 404, with the picture all the same.',
  params: ByToken,
  answersWith: 'image/gif',
  answer: {},
});

export const Click = operation({
  summary: 'A tracked link of a message',
  description:
    'Leads on (302) to the link that was frozen with the message, rendered for its recipient, and nowhere else. A GET counts as a click, a HEAD does not. 410 where the sender’s business is suspended, 404 for a bad token: a page for people.',
  params: ByToken,
  status: 302,
  answersWith: 'text/html',
  answer: {},
});

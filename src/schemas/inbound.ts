import { z } from 'zod';
import { operation } from './operation.js';

export const ReceiveSesEvents = operation({
  summary: 'Take events of SES from Amazon SNS',
  description:
    'The business’s own secret URL, for the subscription of its SNS topic. Each message’s signature is verified before anything is believed, and its topic must be the business’s. 200 when the event is safe; 403 for what is forged; 503 for what SNS should send again.',
  params: z.strictObject({ token: z.string().meta({ description: 'Secret: it names the business' }) }),
  answer: {},
});

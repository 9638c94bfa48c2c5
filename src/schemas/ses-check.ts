import { z } from 'zod';
import { operation, Timestamp } from './operation.js';

/** What the doctor looks at. */
export const CHECKS = [
  'credentials',
  'sandbox',
  'sending_enabled',
  'enforcement',
  'quota',
  'domains',
  'identity',
  'dkim',
  'mail_from',
  'dmarc',
  'feedback_forwarding',
  'event_wiring',
  'configuration_set',
  'event_destination',
  'topic',
  'subscription',
  'double_tracking',
  'events_arriving',
] as const;

export const FINDING_STATUSES = ['ok', 'warning', 'problem'] as const;

const FindingView = z
  .object({
    check: z.enum(CHECKS),
    subject: z.string().optional().meta({ description: 'The domain, configuration set or topic that it is about' }),
    status: z.enum(FINDING_STATUSES),
    message: z.string(),
    remedy: z.string().optional().meta({ description: 'What to do about it' }),
  })
  .meta({ id: 'SesFinding', description: 'What was found of one thing' });

export const CheckSes = operation({
  summary: 'Examine everything that sending depends on',
  description:
    'Asks SES, SNS and DNS: the account, each domain, the wiring of events, and whether events come back when mail goes out. What could not be asked is a warning that says which permission is missing. It takes some seconds, as SES answers one call a second; the answer is at most five seconds old.',
  answer: { checkedAt: Timestamp, findings: z.array(FindingView) },
});

/** What was found of one thing. */
export type Finding = z.output<typeof FindingView>;

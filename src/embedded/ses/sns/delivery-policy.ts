import { z } from 'zod';
import { invalid } from './errors.js';
import type { Subscription, Topic } from './topics.js';

/** SNS's hard limit for the sum of all pauses (SNS Developer Guide, "Message delivery retries"). */
const MAX_TOTAL_SECONDS = 3_600;

const count = (otherwise: number) => z.number().int().min(0).max(100).default(otherwise);
const seconds = z.number().int().min(1).max(MAX_TOTAL_SECONDS).default(20);

/** How a notification is tried again, in seconds; without anything three times, 20 s apart. */
const RetryFields = z.strictObject({
  minDelayTarget: seconds,
  maxDelayTarget: seconds,
  numRetries: count(3),
  numNoDelayRetries: count(0),
  numMinDelayRetries: count(0),
  numMaxDelayRetries: count(0),
  backoffFunction: z.enum(['linear', 'arithmetic', 'geometric', 'exponential']).default('linear'),
});
type RetryPolicy = z.output<typeof RetryFields>;
const RetryPolicy = RetryFields.refine(
  (policy) => policy.minDelayTarget <= policy.maxDelayTarget,
  'minDelayTarget must be at most maxDelayTarget',
)
  .refine((policy) => backoffRetries(policy) >= 0, 'numRetries must be at least the sum of the phases')
  .refine(
    (policy) => pauses(policy).reduce((sum, pause) => sum + pause, 0) <= MAX_TOTAL_SECONDS,
    `the total retry time must be at most ${MAX_TOTAL_SECONDS} seconds`,
  );

const Request = z.strictObject({ headerContentType: z.string() }).optional();
const OfTopic = z.strictObject({
  http: z.strictObject({
    defaultHealthyRetryPolicy: RetryPolicy.optional(),
    disableSubscriptionOverrides: z.boolean().optional(),
    defaultRequestPolicy: Request,
  }),
});
const OfSubscription = z.strictObject({ healthyRetryPolicy: RetryPolicy.optional(), requestPolicy: Request });

/** How notifications go to an endpoint. */
export interface DeliveryPolicy {
  /** In seconds, before each new attempt. */
  pauses: number[];
  contentType: string;
}

/** @throws SesError InvalidParameter for what SNS refuses, and for throttle policies, which are not known here */
export function checkTopicPolicy(text: string): void {
  parse(OfTopic, text);
}

/** @throws SesError InvalidParameter as above */
export function checkSubscriptionPolicy(text: string): void {
  parse(OfSubscription, text);
}

/** The subscription's own policy goes before its topic's, and that before SNS's own. */
export function deliveryPolicyOf({ topic, attributes }: Subscription): DeliveryPolicy {
  const ofTopic = optional(OfTopic, topic.attributes)?.http;
  const own = ofTopic?.disableSubscriptionOverrides ? undefined : optional(OfSubscription, attributes);
  const retry = own?.healthyRetryPolicy ?? ofTopic?.defaultHealthyRetryPolicy ?? RetryPolicy.parse({});
  const request = own?.requestPolicy ?? ofTopic?.defaultRequestPolicy;
  return { pauses: pauses(retry), contentType: request?.headerContentType ?? 'text/plain; charset=UTF-8' };
}

/** As `EffectiveDeliveryPolicy` says it. */
export function effectiveTopicPolicy({ attributes }: Topic): string {
  const http = optional(OfTopic, attributes)?.http;
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: http?.defaultHealthyRetryPolicy ?? RetryPolicy.parse({}),
      disableSubscriptionOverrides: http?.disableSubscriptionOverrides ?? false,
    },
  });
}

/** The phases of SNS: at once, then pauses of the least, growing and of the greatest length. */
function pauses(policy: RetryPolicy): number[] {
  const { minDelayTarget: least, maxDelayTarget: greatest, backoffFunction } = policy;
  const growing = Math.max(0, backoffRetries(policy));
  return [
    ...Array<number>(policy.numNoDelayRetries).fill(0),
    ...Array<number>(policy.numMinDelayRetries).fill(least),
    ...Array.from({ length: growing }, (_, index) => {
      const progress = growing === 1 ? 1 : index / (growing - 1);
      return grown(backoffFunction, least, greatest, progress);
    }),
    ...Array<number>(policy.numMaxDelayRetries).fill(greatest),
  ];
}

/** SNS shows its functions as curves only; these have the same ends and the same order. */
function grown(by: RetryPolicy['backoffFunction'], least: number, greatest: number, progress: number): number {
  if (by === 'exponential' || by === 'geometric') return least * (greatest / least) ** progress;
  return least + (greatest - least) * (by === 'linear' ? progress : progress ** 2);
}

function backoffRetries(policy: RetryPolicy): number {
  return policy.numRetries - policy.numNoDelayRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries;
}

function optional<T>(schema: z.ZodType<T>, attributes: Map<string, string>): T | undefined {
  const text = attributes.get('DeliveryPolicy');
  return text ? parse(schema, text) : undefined;
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw invalid(`DeliveryPolicy: ${error instanceof z.ZodError ? z.prettifyError(error) : 'not a valid JSON'}`);
  }
}

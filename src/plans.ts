/** What a business can subscribe to, the smallest first. */
export const PLANS = ['free', 'basic', 'pro', 'enterprise'] as const;

export type Plan = (typeof PLANS)[number];

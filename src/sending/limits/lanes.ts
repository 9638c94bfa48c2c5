/**
 * Campaigns are `bulk`. Everything else has a lane of its own, with turns that no campaign waits in and slots of the
 * account's rate that come before theirs: `test` is a campaign as its authors see it, `transactional` what a sibling
 * project sends to one person.
 */
export type Lane = 'bulk' | 'test' | 'transactional';

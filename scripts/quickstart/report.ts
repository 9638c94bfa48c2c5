import type { Tenant } from '../support/tenant.js';
import type { ImportReport } from './sibling.js';
import { type Row, table } from './table.js';
import type { Stats } from './watch.js';

/** What became of every line of the list: the states of those in the campaign, and those that are not in it. */
export function outcome({ states }: Stats, { duplicates, invalid }: ImportReport): string {
  const rows: Row[] = Object.entries(states)
    .filter(([state, count]) => count > 0 || state === 'sent')
    .map(([label, count]) => ({ label, count }));
  rows.push({ label: 'duplicates', count: duplicates, note: 'the same address again, in other letter cases' });
  rows.push({ label: 'invalid', count: invalid, note: 'not an address that can be mailed' });
  return table(rows, 'lines');
}

/** Where to look, and a call to try. */
export function addresses(url: string, inboxUrl: string, { key }: Tenant, campaignId: string): string {
  return `  API    ${url}
  Docs   ${url}/api/docs
  Inbox  ${inboxUrl}

  Ask it yourself, with Whisky's API key:
  curl -H 'Authorization: Bearer ${key}' ${url}/api/campaigns/${campaignId}/stats`;
}

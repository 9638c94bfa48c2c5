import type { Account } from './accounts.js';
import type { QueryRequest } from './query-protocol.js';
import type { SesState } from './state.js';

/** What an action knows besides its account and its parameters. */
export interface Around {
  readonly state: SesState;
  /** The one that the request is signed for. */
  readonly region: string;
}

/** Everything but sending: answers the XML of the action's result. */
export type Action = (account: Account, request: QueryRequest, around: Around) => string;

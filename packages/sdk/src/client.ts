import { Http } from './http.js';
import type { ClientOptions } from './options.js';
import { Business } from './resources/business.js';
import { Campaigns } from './resources/campaigns.js';
import { Emails } from './resources/emails.js';
import { Events } from './resources/events.js';
import { Suppressions } from './resources/suppressions.js';
import { Templates } from './resources/templates.js';
import { Users } from './resources/users.js';
import { Webhooks } from './resources/webhooks.js';

/**
 * Power MTA Hub, as a project of a business calls it. Calls that fail for the moment are tried again; what creates or sends
 * is done once all the same, by an Idempotency-Key. What fails for good throws a `HubError`.
 */
export class PowerMtaHub {
  readonly business: Business;
  readonly campaigns: Campaigns;
  readonly emails: Emails;
  readonly events: Events;
  readonly suppressions: Suppressions;
  readonly templates: Templates;
  readonly users: Users;
  readonly webhooks: Webhooks;

  /** @throws TypeError for an API key or a base URL that cannot be one. */
  constructor(options: ClientOptions) {
    const http = new Http(options);
    this.business = new Business(http);
    this.campaigns = new Campaigns(http);
    this.emails = new Emails(http);
    this.events = new Events(http);
    this.suppressions = new Suppressions(http);
    this.templates = new Templates(http);
    this.users = new Users(http);
    this.webhooks = new Webhooks(http);
  }
}

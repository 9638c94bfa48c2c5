import type { CreateUser, Invitation, InviteUser, ListInvitations, ListUsers, UpdateUser, User } from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** The people of the business. All of it needs a user's token: to an API key the hub answers 403. */
export class Users {
  readonly invitations: Invitations;
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
    this.invitations = new Invitations(http);
  }

  /** Makes a user with a first password; to invite somebody by mail is the better way. */
  async create(user: CreateUser, options?: KeyedOptions): Promise<User> {
    return (await this.#http.call('POST /api/users', { body: user, options })).user;
  }

  async invite(invitation: InviteUser, options?: KeyedOptions): Promise<Invitation> {
    return (await this.#http.call('POST /api/users/invite', { body: invitation, options })).invitation;
  }

  /** The newest first. */
  list(query?: ListUsers, options?: RequestOptions): Pages<User> {
    return list(this.#http, 'GET /api/users', 'users', { query, options });
  }

  async get(id: string, options?: RequestOptions): Promise<User> {
    return (await this.#http.call('GET /api/users/{id}', { params: { id }, options })).user;
  }

  async update(id: string, changes: UpdateUser, options?: RequestOptions): Promise<User> {
    return (await this.#http.call('PATCH /api/users/{id}', { params: { id }, body: changes, options })).user;
  }

  delete(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/users/{id}', { params: { id }, options });
  }
}

/** Who was invited and has not come yet. */
export class Invitations {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The newest first. */
  list(query?: ListInvitations, options?: RequestOptions): Pages<Invitation> {
    return list(this.#http, 'GET /api/users/invitations', 'invitations', { query, options });
  }

  /** Takes one back. */
  revoke(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/users/invitations/{id}', { params: { id }, options });
  }
}

/** The parts of Postman's collection format 2.1 that the hub's collection has: https://schema.postman.com. */
export interface Collection {
  info: { _postman_id: string; name: string; description: string; schema: string };
  auth: Auth;
  event: Event[];
  variable: Variable[];
  item: Folder[];
}

export interface Folder {
  name: string;
  auth?: Auth;
  item: Item[];
}

export interface Item {
  name: string;
  event: Event[];
  protocolProfileBehavior?: { followRedirects: boolean };
  request: Request;
  response: [];
}

export interface Request {
  method: string;
  /** Absent: that of the folder, else the collection's. */
  auth?: Auth;
  header: { key: string; value: string; description?: string; disabled?: true }[];
  body?: { mode: 'raw'; raw: string; options: { raw: { language: 'json' | 'text' } } };
  url: Url;
  description: string;
}

export interface Url {
  raw: string;
  host: [string];
  path: string[];
  query?: { key: string; value: string; description?: string; disabled?: true }[];
  /** What the `:names` of the path stand for. */
  variable?: { key: string; value: string; description?: string }[];
}

export interface Event {
  listen: 'prerequest' | 'test';
  script: { type: 'text/javascript'; exec: string[] };
}

export type Auth =
  | { type: 'noauth' }
  | { type: 'bearer'; bearer: AuthField[] }
  | { type: 'apikey'; apikey: AuthField[] };

interface AuthField {
  key: string;
  value: string;
  type: 'string';
}

export interface Variable {
  key: string;
  value: string;
  type: 'string';
  description: string;
}

export const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/** `Authorization: Bearer`, with what a variable holds. */
export const bearer = (variable: string): Auth => ({
  type: 'bearer',
  bearer: [{ key: 'token', value: `{{${variable}}}`, type: 'string' }],
});

/** `X-API-Key`, with what a variable holds. */
export const apiKey = (variable: string): Auth => ({
  type: 'apikey',
  apikey: [
    { key: 'key', value: 'X-API-Key', type: 'string' },
    { key: 'value', value: `{{${variable}}}`, type: 'string' },
    { key: 'in', value: 'header', type: 'string' },
  ],
});

export const NO_AUTH: Auth = { type: 'noauth' };

/** A script of Postman's, a line of it each. */
export const script = (listen: Event['listen'], exec: string[]): Event => ({
  listen,
  script: { type: 'text/javascript', exec },
});

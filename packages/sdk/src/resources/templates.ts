import type {
  CreateTemplate,
  DuplicateTemplate,
  ListTemplates,
  PreviewTemplate,
  Template,
  TemplatePreview,
  UpdateTemplate,
} from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** Content with variables, `{{ name }}`, for messages and campaigns. */
export class Templates {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async create(template: CreateTemplate, options?: KeyedOptions): Promise<Template> {
    return (await this.#http.call('POST /api/templates', { body: template, options })).template;
  }

  /** The newest first. */
  list(query?: ListTemplates, options?: RequestOptions): Pages<Template> {
    return list(this.#http, 'GET /api/templates', 'templates', { query, options });
  }

  async get(id: string, options?: RequestOptions): Promise<Template> {
    return (await this.#http.call('GET /api/templates/{id}', { params: { id }, options })).template;
  }

  /** Changes the fields given; `null` takes one away. What was launched with it stays as it is. */
  async update(id: string, changes: UpdateTemplate, options?: RequestOptions): Promise<Template> {
    return (await this.#http.call('PATCH /api/templates/{id}', { params: { id }, body: changes, options })).template;
  }

  delete(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/templates/{id}', { params: { id }, options });
  }

  async duplicate(id: string, changes: DuplicateTemplate = {}, options?: KeyedOptions): Promise<Template> {
    const call = { params: { id }, body: changes, options };
    return (await this.#http.call('POST /api/templates/{id}/duplicate', call)).template;
  }

  /** What it makes of some variables, and which are missing. */
  async preview(id: string, preview: PreviewTemplate = {}, options?: RequestOptions): Promise<TemplatePreview> {
    const call = { params: { id }, body: preview, options };
    return (await this.#http.call('POST /api/templates/{id}/preview', call)).preview;
  }
}

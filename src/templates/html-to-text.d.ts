// The package brings no types; these are the options that `text-part.ts` uses, by its README (version 10).
declare module 'html-to-text' {
  interface Selector {
    selector: string;
    format?: string;
    options?: Record<string, unknown>;
  }
  interface Options {
    wordwrap?: number | false;
    selectors?: Selector[];
  }
  /** Compiles the options once; the result turns HTML into plain text. */
  export function compile(options: Options): (html: string) => string;
}

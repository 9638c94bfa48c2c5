/** More levels than any mail has; the HTML parser's cost grows with their square, and the converter recurses. */
export const MAX_DEPTH = 256;

const TAG_NAME = /[a-z][^\s/>]*/iy;

/** Elements that have no content, and those that the next one of their kind closes: they do not pile up. */
const FLAT = new Set(
  'area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option tbody thead'.split(
    ' ',
  ),
);

/** Whether the elements of some HTML are nested deeper than `MAX_DEPTH`. One pass, linear in its length. */
export function isNestedTooDeep(html: string): boolean {
  const open: string[] = [];
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at + 1)) {
    if (html.startsWith('<!--', at)) {
      at = html.indexOf('-->', at);
      if (at === -1) return false;
      continue;
    }
    const isEnd = html[at + 1] === '/';
    TAG_NAME.lastIndex = at + (isEnd ? 2 : 1);
    const name = TAG_NAME.exec(html)?.[0].toLowerCase();
    if (!name || FLAT.has(name)) continue;
    if (!isEnd) open.push(name);
    else if (open.includes(name)) open.length = open.lastIndexOf(name);
    if (open.length > MAX_DEPTH) return true;
  }
  return false;
}

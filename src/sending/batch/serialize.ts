import * as base64 from 'nodemailer/lib/base64';
import type MimeNode from 'nodemailer/lib/mime-node';
import * as qp from 'nodemailer/lib/qp';

/** RFC 2045 §6.7 and §6.8: an encoded line has at most so many characters. */
const LINE = 76;

/**
 * Writes a MIME tree whose contents are in memory. Headers, boundaries and encodings are nodemailer's; only its streams are
 * left out, one or two for each part, which are there for attachments from files and URLs. For a message that is in
 * memory anyway they are two thirds of what it costs.
 * @throws TypeError for content that is neither a string nor a buffer: nothing here opens a file or a URL.
 */
export function serialize(root: MimeNode): string {
  const message = write(root);
  return message.endsWith('\n') ? message : `${message}\r\n`;
}

/** In the order of nodemailer's own `MimeNode.stream`. */
function write(node: MimeNode): string {
  // First of all, as it also chooses the transfer encoding and the boundary.
  const head = `${node.buildHeaders()}\r\n\r\n`;
  if (!node.multipart) return head + bodyOf(node);
  const delimiter = `--${node.boundary}`;
  return `${head}${node.childNodes.map((part) => `${delimiter}\r\n${write(part)}\r\n`).join('')}${delimiter}--\r\n`;
}

function bodyOf(node: MimeNode): string {
  const content = node.content ?? '';
  if (Buffer.isBuffer(content)) return base64.wrap(base64.encode(content), LINE);
  if (typeof content !== 'string') throw new TypeError('Only what is in memory can be written at once');
  switch (node.getHeader('Content-Transfer-Encoding')) {
    case 'base64':
      return base64.wrap(base64.encode(content), LINE);
    case 'quoted-printable':
      return qp.wrap(qp.encode(content), LINE);
    default:
      return content;
  }
}

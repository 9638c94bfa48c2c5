const CHUNK_NUMBERS = 1 << 14;
const CHUNK_BYTES = 1 << 20;
const MAX_TEXT_BYTES = 0xffff;

/** A growing list of numbers, 8 bytes each. */
export class NumberColumn {
  #chunks: Float64Array[] = [];
  length = 0;

  push(value: number): void {
    const offset = this.length % CHUNK_NUMBERS;
    if (offset === 0) this.#chunks.push(new Float64Array(CHUNK_NUMBERS));
    const chunk = this.#chunks.at(-1);
    if (chunk) chunk[offset] = value;
    this.length++;
  }

  /** @throws RangeError outside the list */
  at(index: number): number {
    const value =
      index < this.length ? this.#chunks[Math.floor(index / CHUNK_NUMBERS)]?.[index % CHUNK_NUMBERS] : undefined;
    if (value === undefined) throw new RangeError(`No row ${index}`);
    return value;
  }

  clear(): void {
    this.#chunks = [];
    this.length = 0;
  }
}

/**
 * A growing list of texts, kept as UTF-8 outside the JavaScript heap: a million strings on it would cost the garbage
 * collector tens of milliseconds a round, in the middle of a benchmark. Texts over 65,535 bytes are cut.
 */
export class TextColumn {
  #chunks: Buffer[] = [];
  #used = CHUNK_BYTES;
  /** Where each text lies: its position over all chunks, times 65,536, plus its length. */
  readonly #places = new NumberColumn();

  get length(): number {
    return this.#places.length;
  }

  push(text: string): void {
    const bytes = Math.min(Buffer.byteLength(text), MAX_TEXT_BYTES);
    if (this.#used + bytes > CHUNK_BYTES) {
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
      this.#used = 0;
    }
    const position = (this.#chunks.length - 1) * CHUNK_BYTES + this.#used;
    const written = this.#chunks.at(-1)?.write(text, this.#used, bytes) ?? 0;
    this.#places.push(position * (MAX_TEXT_BYTES + 1) + written);
    this.#used += written;
  }

  /** @throws RangeError outside the list */
  at(index: number): string {
    const place = this.#places.at(index);
    const length = place % (MAX_TEXT_BYTES + 1);
    const position = (place - length) / (MAX_TEXT_BYTES + 1);
    const offset = position % CHUNK_BYTES;
    return this.#chunks[Math.floor(position / CHUNK_BYTES)]?.toString('utf8', offset, offset + length) ?? '';
  }

  clear(): void {
    this.#chunks = [];
    this.#used = CHUNK_BYTES;
    this.#places.clear();
  }
}

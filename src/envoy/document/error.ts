// What is wrong with a file before anything in it can be looked at.

export class DocumentError extends Error {
  /** Where in the text, from 0; undefined: the file as a whole. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.name = 'DocumentError';
    this.offset = offset;
  }
}

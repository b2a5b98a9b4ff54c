const NEWLINE = 0x0a;

/**
 * The lines of a text in UTF-8, each as a whole, whatever pieces it comes in. Only a line feed ends one: JSON leaves U+2028 and
 * U+2029 as they are, and what people have written may have them. The last line need not be ended.
 */
export async function* textLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const piece of pieces) {
    let begin = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, begin)) {
      yield Buffer.concat([...rest, piece.subarray(begin, end)]).toString('utf8');
      rest = [];
      begin = end + 1;
    }
    if (begin < piece.length) rest.push(piece.subarray(begin));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

/** Control characters, line ends of all kinds, and invisible ones, such as those that turn what follows round. */
const DISTURBING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;

const LONGEST = 512;

/**
 * What somebody has written, as one line that shows what it is: it can neither end a line, nor hide, nor turn round what
 * stands after it.
 */
export function plainText(written: string, longest = LONGEST): string {
  const line = written.replaceAll(LONE_SURROGATES, '\ufffd').replaceAll(DISTURBING, ' ').replaceAll(/\s+/g, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

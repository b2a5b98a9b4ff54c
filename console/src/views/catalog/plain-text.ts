/** The first words of a description, without the signs of Markdown: for a line or two of a list. */
export function plainText(markdown: string, most = 240): string {
  const text = firstParagraph(markdown)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^\s{0,3}(?:#{1,6}|>|[-*+]|\d+[.)])\s+/gm, '')
    .replaceAll(/[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** Without titles before it. */
function firstParagraph(markdown: string): string {
  const parts = markdown.slice(0, 10_000).split(/\n\s*\n/);
  return parts.find((part) => part.trim() !== '' && !/^\s*(?:#{1,6}\s|```|\||---)/.test(part)) ?? parts[0] ?? '';
}

/** A label as a tag: `stage: live`; of one that is only there, its name. */
export function tagText(label: string, value: string): string {
  return value === '' || value === 'true' ? label : `${label}: ${value}`;
}

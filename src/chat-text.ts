/** Breaks what would be a mention or a link: it has no width. */
const BREAK = '\u200b';

/**
 * A text for Slack and what takes messages as Slack does, in which nothing is a link with another text, a mention or
 * formatting: Slack gives a meaning to `&`, `<` and `>`; Mattermost to Markdown and to words with an `@` before them.
 */
export function chatText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/(^|[^A-Za-z0-9._%+-])@/g, `$1@${BREAK}`)
    .replaceAll('](', `]${BREAK}(`)
    .replaceAll('][', `]${BREAK}[`)
    .replaceAll(/([*_~`|#])/g, `${BREAK}$1`)
    .replaceAll('://', `:${BREAK}//`);
}

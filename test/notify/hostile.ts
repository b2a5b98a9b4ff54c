/** What people may write into names and reasons. */
export const HOSTILE: readonly string[] = [
  'x\r\nBcc: victim@example.com\r\n\r\nhello',
  'x\n.\r\nMAIL FROM:<a@example.com>\r\n',
  'line one\u2028line two\u2029line three\u0085line four',
  '<!channel> <!here> <@U0123456> <https://evil.example.com|the login page>',
  '@channel @all @here [the login page](https://evil.example.com) ![x](https://evil.example.com/x.png)',
  '*bold* _it_ ~no~ `code` # title | table',
  '\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\ufeff',
  '=?utf-8?B?QmNjOiB2aWN0aW0=?= \u0000\u0007\u001b[31mred',
  '\ud800 lone \udfff',
  'é ü 漢字 😀',
];

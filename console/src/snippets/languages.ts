import { csharpSnippet } from './csharp.ts';
import { curlSnippet } from './curl.ts';
import { goSnippet } from './go.ts';
import { javaSnippet } from './java.ts';
import { javaScriptSnippet } from './javascript.ts';
import { pythonSnippet } from './python.ts';
import type { SnippetRequest } from './request.ts';

export interface Language {
  readonly id: string;
  readonly name: string;
  readonly snippet: (request: SnippetRequest) => string;
}

export const LANGUAGES: readonly Language[] = [
  { id: 'curl', name: 'curl', snippet: curlSnippet },
  { id: 'javascript', name: 'JavaScript', snippet: javaScriptSnippet },
  { id: 'python', name: 'Python', snippet: pythonSnippet },
  { id: 'go', name: 'Go', snippet: goSnippet },
  { id: 'java', name: 'Java', snippet: javaSnippet },
  { id: 'csharp', name: 'C#', snippet: csharpSnippet },
];

import type { z } from 'zod';
import type { Invoke } from './invoke.ts';

/** What a tool tells: data for the program, and the same as a text for the model. */
export interface ToolAnswer {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One thing that an agent may do for its person. */
export interface Tool<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject<Shape>;
  /** It changes nothing. */
  readonly isReading: boolean;
  /** What it did can't be undone. */
  readonly isDestructive: boolean;
  /** @throws RpcError (rejects with it) where the control plane refuses */
  run(this: void, invoke: Invoke, input: z.infer<z.ZodObject<Shape>>): Promise<ToolAnswer>;
}

/** A tool among others: its input is read by its own schema. */
export function defineTool<Shape extends z.ZodRawShape>(tool: Tool<Shape>): Tool {
  return { ...tool, run: (invoke, input) => tool.run(invoke, input as z.infer<typeof tool.input>) };
}

/** The data, as whoever reads it alone sees it. */
export function told(text: string, data: Readonly<Record<string, unknown>>): ToolAnswer {
  return { text: `${text}\n\n${JSON.stringify(data, undefined, 1)}`, data };
}

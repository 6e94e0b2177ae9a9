/** What is allowed and probably not meant: one pure function a lint, each message explaining itself. */
import type { StackDefinition } from './definition.ts';

export interface Lint {
  /** Path inside the compose file. */
  path: (string | number)[];
  message: string;
}

/** Every lint of a stack, service by service. */
export function lintStack(stack: StackDefinition): Lint[] {
  void stack;
  return [];
}

import { type Template, type Token, TypeGuards, toValueSync, Value } from 'liquidjs';

const { isFilteredValueToken, isPropertyAccessToken, isQuotedToken, isRangeToken, isWordToken } = TypeGuards;

/**
 * The names of the variables that a template's parts take from outside: those that no tag of theirs defines, sorted.
 * It walks what LiquidJS's tags tell of themselves, as LiquidJS's own analysis does; that one also finds the line of each
 * variable by counting from the start of the template, which takes seconds where a template has many.
 */
export function namesUsed(parts: readonly Template[][]): string[] {
  const used = new Set<string>();
  for (const part of parts) visit(part, [new Set()], used);
  return [...used].sort();
}

/** `scopes`: the names that are defined here; the first are the template's own, the others those of its loops. */
function visit(templates: readonly Template[], scopes: readonly Set<string>[], used: Set<string>): void {
  for (const template of templates) {
    for (const argument of template.arguments?.() ?? []) {
      for (const name of namesIn(argument)) {
        if (!scopes.some((scope) => scope.has(name))) used.add(name);
      }
    }
    for (const defined of template.localScope?.() ?? []) scopes[0]?.add(defined.content);
    if (!template.children) continue;
    const loop = new Set(template.blockScope?.());
    visit(toValueSync(template.children(false, true)), loop.size > 0 ? [...scopes, loop] : scopes, used);
  }
}

/** Every name that a tag of the template defines, for all that follows or for what the tag holds. */
export function namesDefined(templates: readonly Template[]): Set<string> {
  const defined = new Set<string>();
  const note = (some: readonly Template[]) => {
    for (const template of some) {
      for (const { content } of template.localScope?.() ?? []) defined.add(content);
      for (const name of template.blockScope?.() ?? []) defined.add(name);
      if (template.children) note(toValueSync(template.children(false, true)));
    }
  };
  note(templates);
  return defined;
}

function* namesIn(argument: Value | Token): Generator<string> {
  if (!(argument instanceof Value || isFilteredValueToken(argument))) return yield* namesInToken(argument);
  for (const token of argument.initial.postfix) yield* namesInToken(token);
  for (const { args } of argument.filters) {
    for (const arg of args) {
      // `| date: "%d", timezone: tz` has a pair of name and value.
      const value = Array.isArray(arg) ? arg[1] : arg;
      if (value) yield* namesInToken(value);
    }
  }
}

function* namesInToken(token: Token): Generator<string> {
  if (isRangeToken(token)) {
    yield* namesInToken(token.lhs);
    yield* namesInToken(token.rhs);
  }
  if (!isPropertyAccessToken(token)) return;
  const [root, ...path] = token.props;
  if (root && (isWordToken(root) || isQuotedToken(root))) yield root.content;
  else if (root) yield* namesInToken(root);
  // `prices[currency]`: the index is a variable too.
  for (const step of path) yield* namesInToken(step);
}

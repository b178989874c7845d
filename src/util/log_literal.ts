/**
 * A text as a log's template that gives the text itself: its braces name no properties.
 * A template without any "{" is taken as it is, whatever else is in it.
 */
export function logLiteral(text: string): string {
  if (!text.includes("{")) return text;
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

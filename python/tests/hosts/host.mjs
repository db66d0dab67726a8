// Imports exported modules and asks them: a line for each request and each answer, in the words of `hosts.py`.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const encoded = (text) => Buffer.from(text, "utf8").toString("base64");
const letter = (value) => ({ string: "S", boolean: "b", number: "d" })[typeof value];
const one = (value) => (typeof value === "string" ? encoded(value) : Object.is(value, -0) ? "-0" : String(value));
const shown = (value) =>
  Array.isArray(value) ? `[${letter(value[0] ?? 0)}${value.map(one).join(",")}` : `1${letter(value)}${one(value)}`;

// The methods, and whether each returns several results: a list of numbers is one.
const methods = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const words = line.split("\t");
  try {
    if (words[0] === "load") {
      const module = await import(`${pathToFileURL(words[2])}?${words[1]}`);
      methods.set(words[1], [module[words[3]], words[4] === "several"]);
      console.log("loaded");
      continue;
    }
    const [method, several] = methods.get(words[1]);
    const given = words.slice(2).map((word) => {
      const rest = word.slice(1);
      if (word[0] === "D") return rest.split(",").map(Number);
      return word[0] === "s" ? Buffer.from(rest, "base64").toString("utf8") : Number(rest);
    });
    const answer = method(...given);
    console.log(several ? answer.map(shown).join("\t") : shown(answer));
  } catch (error) {
    console.log(`${error.message.startsWith("refused") ? "refused" : "failed"}\t${encoded(String(error.stack))}`);
  }
}

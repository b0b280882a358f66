// OpenAI's own library for Node. node openai_node.mjs BASE_URL
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused" });
const messages = [{ role: "user", content: "Hello" }];
const say = (name, outcome) => console.log(JSON.stringify({ [name]: outcome }));

const whole = await client.chat.completions.create({ model: "good-only", messages });
say("text", whole.choices[0].message.content);

let text = "";
let tokens = null;
for await (const chunk of await client.chat.completions.create({
  model: "good-only", messages, stream: true, stream_options: { include_usage: true },
})) {
  text += chunk.choices[0]?.delta.content ?? "";
  tokens = chunk.usage?.total_tokens ?? tokens;
}
say("stream", { text, tokens });

const vectors = await client.embeddings.create({ model: "good-only", input: "a" });
say("embeddings", vectors.data[0].embedding);

for (const stream of [false, true]) {
  try {
    await client.chat.completions.create({ model: "limited-only", messages, stream });
  } catch (error) {
    say(stream ? "exhausted stream" : "exhausted", { name: error.constructor.name, status: error.status, code: error.code });
  }
}
try {
  for await (const _ of await client.chat.completions.create({ model: "cut-only", messages, stream: true }));
} catch (error) {
  say("cut", { name: error.constructor.name, code: error.code });
}
const endless = await client.chat.completions.create({ model: "endless-only", messages, stream: true });
for await (const _ of endless) break;
say("left", true);

// Vercel's AI SDK. node vercel.mjs BASE_URL
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText, generateObject, embed, tool, jsonSchema } from "ai";

const failoverd = createOpenAICompatible({ name: "failoverd", baseURL: process.argv[2], supportsStructuredOutputs: true });
const say = (name, outcome) => console.log(JSON.stringify({ [name]: outcome }));
const quiet = { onError: () => {} };

say("text", (await generateText({ model: failoverd("good-only"), prompt: "Hello" })).text);
let text = "";
for await (const part of streamText({ model: failoverd("good-only"), prompt: "Hello" }).textStream) text += part;
say("stream", text);
const weather = tool({
  description: "The weather",
  inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
});
const called = await generateText({ model: failoverd("good-only"), prompt: "Weather?", tools: { get_weather: weather } });
say("tools", called.toolCalls.map((call) => [call.toolName, call.input]));
const schema = jsonSchema({ type: "object", properties: { city: { type: "string" }, degrees: { type: "integer" } } });
say("structured", (await generateObject({ model: failoverd("good-only"), schema, prompt: "Weather?" })).object);
say("embeddings", (await embed({ model: failoverd.textEmbeddingModel("good-only"), value: "a" })).embedding);
try {
  await generateText({ model: failoverd("limited-only"), prompt: "Hello" });
} catch (error) {
  say("exhausted", { name: error.name, status: error.statusCode, message: error.message.slice(0, 30) });
}
const errors = [];
for await (const part of streamText({ model: failoverd("cut-only"), prompt: "Hello", ...quiet }).fullStream) {
  if (part.type === "error") errors.push(String(part.error?.message ?? part.error));
}
say("cut", errors.map((error) => error.slice(0, 22)));

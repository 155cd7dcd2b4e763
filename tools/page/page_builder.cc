#include "tools/page/page_builder.h"

#include <utility>

#include "embedded/ChartJs.h"
#include "embedded/PageCss.h"
#include "embedded/PageJs.h"
#include "scanner/base/text.h"
#include "tools/page/html.h"

namespace mxsweep::tools {

std::string_view ToneWord(Tone tone) {
  switch (tone) {
    case Tone::kNeutral:
      return "neutral";
    case Tone::kGood:
      return "good";
    case Tone::kFair:
      return "fair";
    case Tone::kBad:
      return "bad";
    case Tone::kUnknown:
      return "unknown";
  }
  return "";
}

void PageBuilder::OpenSection(std::string_view id, std::string_view title) {
  AppendText(&nav_, "<li><a href=\"#", id, "\">", title, "</a></li>");
  AppendText(&main_, "<section id=\"", id, "\">\n<h2>", title, "</h2>\n");
}

void PageBuilder::CloseSection() { AppendText(&main_, "</section>\n"); }

void PageBuilder::OpenFigures() { AppendText(&main_, "<dl class=\"figures\">\n"); }

void PageBuilder::AddFigure(std::string_view what, std::string_view value, std::string_view of) {
  AppendText(&main_, "<div><dt>", Escaped(what), "</dt><dd>", Escaped(value), "<small>",
             Escaped(of), "</small></dd></div>\n");
}

void PageBuilder::CloseFigures() { AppendText(&main_, "</dl>\n"); }

void PageBuilder::OpenTable(std::string_view caption, std::initializer_list<Heading> headings) {
  AppendText(&main_, "<div class=\"scroll\"><table>\n<caption>", Escaped(caption),
             "</caption>\n<thead><tr>");
  for (const Heading& heading : headings) {
    AppendText(&main_, heading.is_text ? "<th scope=\"col\" class=\"text\">" : "<th scope=\"col\">",
               heading.html, "</th>");
  }
  AppendText(&main_, "</tr></thead>\n<tbody>\n");
}

void PageBuilder::CloseTable() { AppendText(&main_, "</tbody></table></div>\n"); }

void PageBuilder::AddChart(std::string_view id, std::string_view spoken, nlohmann::json chart) {
  AppendText(&main_, "<figure><canvas id=\"chart-", id, "\" role=\"img\" aria-label=\"",
             Escaped(spoken), "\"></canvas></figure>\n");
  chart["id"] = id;
  charts_.push_back(std::move(chart));
}

std::string PageBuilder::Finish(std::string_view title, std::string_view heading,
                                std::string_view line) const {
  const std::string script = JoinText(embedded::ChartJs(), "\n", embedded::PageJs());
  std::string page = JoinText(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ",
      CspHash(script), "; style-src ", CspHash(embedded::PageCss()),
      "; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
      Escaped(title), "</title>\n<style>", embedded::PageCss(), "</style>\n</head>\n<body>\n");
  AppendText(&page, "<header>\n<h1>", heading, "</h1>\n<p class=\"faint\">", line,
             "</p>\n<nav aria-label=\"Sections\"><ul>", nav_, "</ul></nav>\n</header>\n<main>\n",
             main_, "</main>\n<script type=\"application/json\" id=\"data\">",
             ScriptJson({{"charts", charts_}}), "</script>\n<script>", script,
             "</script>\n</body>\n</html>\n");
  return page;
}

}  // namespace mxsweep::tools

#include "tools/check/changes.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "scanner/base/text.h"
#include "tools/check/paragraph.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

// A value as a word; "?": not known.
std::string Word(const json& object, std::string_view key) {
  const auto value = object.find(std::string(key));
  if (value == object.end() || value->is_null()) return "?";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string TlsaText(const json& host) {
  std::vector<std::string> records;
  const auto tlsa = host.find("tlsa");
  if (tlsa == host.end() || !tlsa->is_array()) return Word(host, "tlsa_status");
  for (const json& record : *tlsa) {
    records.push_back(JoinText(Word(record, "usage"), " ", Word(record, "selector"), " ",
                               Word(record, "matching_type"), " ", Word(record, "data")));
  }
  std::ranges::sort(records);
  std::string text;
  for (const std::string& record : records) AppendText(&text, text.empty() ? "" : ", ", record);
  return text.empty() ? Word(host, "tlsa_status") : text;
}

std::string CertificateText(const json& endpoint) {
  const auto certificate = endpoint.find("certificate");
  if (certificate == endpoint.end() || !certificate->is_object()) return "no certificate";
  return JoinText("certificate ", Word(*certificate, "sha256").substr(0, 16), " until ",
                  Word(*certificate, "not_after"), ", ", Word(endpoint, "pkix_status"), ", name ",
                  Word(endpoint, "name_match"));
}

void AppendEndpoint(const std::string& host, const json& endpoint,
                    std::map<std::string, std::string>* said) {
  const std::string place = JoinText(host, " ", Word(endpoint, "address"));
  (*said)[place] = Word(endpoint, "outcome");
  if (Word(endpoint, "outcome") != "tls_ok") return;
  (*said)[place + " session"] =
      JoinText(Word(endpoint, "tls_version"), ", ", Word(endpoint, "cipher"));
  (*said)[place + " shows"] = CertificateText(endpoint);
  (*said)[place + " DANE"] = Word(endpoint, "dane_status");
}

std::string PlacesText(const json& finding) {
  std::string text;
  for (const json& place : finding.value("places", json::array())) {
    if (place.value("host", json()).is_null()) continue;
    AppendText(&text, text.empty() ? " at " : ", ", Word(place, "host"));
    if (!place.value("address", json()).is_null()) AppendText(&text, " ", Word(place, "address"));
  }
  return text;
}

// What a report says of a domain: subjects, each with what is so. A finding is its own subject.
std::map<std::string, std::string> SayingsOf(const json& domain) {
  std::map<std::string, std::string> said;
  said["verdict"] = JoinText(Word(domain, "verdict"), ": ", Word(domain, "headline"));
  for (const char* key : {"mx_status", "mx_dnssec", "mta_sts_status", "mta_sts_policy_status",
                          "mta_sts_mode", "tlsrpt_status"}) {
    said[key] = Word(domain, key);
  }
  for (const json& host : domain.value("hosts", json::array())) {
    const std::string name = Word(host, "host");
    said[JoinText("MX ", name)] = JoinText("preference ", Word(host, "preference"));
    said[JoinText("TLSA of ", name)] = TlsaText(host);
    for (const json& endpoint : host.value("endpoints", json::array())) {
      AppendEndpoint(name, endpoint, &said);
    }
  }
  for (const json& sender : domain.value("senders", json::array())) {
    said[JoinText("sender ", Word(sender, "sender"))] =
        JoinText(Word(sender, "action"), " (", Word(sender, "reason"), ")");
  }
  for (const json& finding : domain.value("findings", json::array())) {
    said[JoinText(Word(finding, "title"), PlacesText(finding))] = "";
  }
  return said;
}

std::map<std::string, std::map<std::string, std::string>> ByDomain(const json& report) {
  std::map<std::string, std::map<std::string, std::string>> domains;
  for (const json& domain : report.value("domains", json::array())) {
    domains[Word(domain, "domain")] = SayingsOf(domain);
  }
  return domains;
}

std::string Line(std::string_view sign, const std::string& domain, const std::string& subject,
                 const std::string& text) {
  return Printable(JoinText(sign, " ", domain, ": ", subject, text.empty() ? "" : ": ", text));
}

}  // namespace

std::vector<std::string> TellChanges(const json& before, const json& now) {
  auto old_domains = ByDomain(before);
  auto new_domains = ByDomain(now);
  std::vector<std::string> gone;
  std::vector<std::string> come;
  for (auto& [domain, said] : old_domains) {
    for (const auto& [subject, text] : said) {
      const auto& later = new_domains[domain];
      const auto same = later.find(subject);
      if (same == later.end() || same->second != text) {
        gone.push_back(Line("-", domain, subject, text));
      }
    }
  }
  for (auto& [domain, said] : new_domains) {
    for (const auto& [subject, text] : said) {
      const auto& earlier = old_domains[domain];
      const auto same = earlier.find(subject);
      if (same == earlier.end() || same->second != text) {
        come.push_back(Line("+", domain, subject, text));
      }
    }
  }
  gone.insert(gone.end(), come.begin(), come.end());
  return gone;
}

}  // namespace mxsweep::tools

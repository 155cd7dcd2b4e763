#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/text.h"
#include "tools/diff/place_words.h"
#include "tools/diff/places.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

std::string ListCell(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) AppendText(&text, text.empty() ? "" : " ", item);
  return CsvCell(text);
}

}  // namespace

std::string PlacesCsv::DomainHeader() { return "domain,cause,measure,provider_a,provider_b\n"; }

std::string PlacesCsv::Line(const DomainByPlace& domain) {
  const bool of_measure = domain.cause.difference == DomainDifference::kPosture;
  return JoinText(CsvCell(domain.domain), ",", DomainCauseWord(domain.cause), ",",
                  of_measure ? WordsOf(domain.cause.measure).word : "", ",",
                  CsvCell(domain.providers.a), ",", CsvCell(domain.providers.b), "\n");
}

std::string PlacesCsv::AddressHeader() {
  return "address,port,provider,from_a,from_b,comes_to,fails_from\n";
}

std::string PlacesCsv::Line(const AddressByPlace& address) {
  const bool fails = address.fate == AddressFate::kBlocked ||
                     address.fate == AddressFate::kSingle ||
                     address.fate == AddressFate::kOwnNetwork;
  return JoinText(CsvCell(address.address), ",", address.port, ",", CsvCell(address.provider), ",",
                  EndingWord(address.endings.a), ",", EndingWord(address.endings.b), ",",
                  AddressFateWord(address.fate), ",", fails ? PlaceWord(address.fails_from) : "",
                  "\n");
}

std::string PlacesCsv::HostHeader() {
  return "host,provider,answer,alone,posture,shared,only_a,only_b\n";
}

std::string PlacesCsv::Line(const HostByPlace& host) {
  const bool is_alone =
      host.answer == NameAnswer::kOneAlone || host.answer == NameAnswer::kOneFamily;
  return JoinText(CsvCell(host.host), ",", CsvCell(host.provider), ",", NameAnswerWord(host.answer),
                  ",", is_alone ? PlaceWord(host.alone) : "", ",", SamePostureWord(host.posture),
                  ",", ListCell(host.shared), ",", ListCell(host.only.a), ",",
                  ListCell(host.only.b), "\n");
}

std::string PlacesCsv::ServerHeader() {
  return "host,address,port,provider,difference,lacks,tls_a,tls_b,version_a,version_b,name_a,"
         "name_b\n";
}

std::string PlacesCsv::Line(const ServerByPlace& server) {
  const bool lacks = server.difference == ServerDifference::kNoTls;
  return JoinText(CsvCell(server.host), ",", CsvCell(server.address), ",", server.port, ",",
                  CsvCell(server.provider), ",", ServerDifferenceWord(server.difference), ",",
                  lacks ? PlaceWord(server.lacks) : "", ",", DialogueWord(server.dialogues.a), ",",
                  DialogueWord(server.dialogues.b), ",", VersionWord(server.versions.a), ",",
                  VersionWord(server.versions.b), ",", CsvCell(server.greeters.a), ",",
                  CsvCell(server.greeters.b), "\n");
}

}  // namespace mxsweep::tools
